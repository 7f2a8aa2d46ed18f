import Foundation

/// The working copy behind ``RunMachine``.
///
/// Task runs are named by their place in ``RunState/tasks``: first those of ``JobDefinition/allTasks`` in their order,
/// then the elements of for-each tasks in the order in which these began.
struct Machine {
    var state: RunState
    let now: Date
    var changed: Set<Int> = []
    var changes: [RunChange] = []

    init(_ state: RunState, at now: Date) {
        self.state = state
        self.now = now
    }

    var transition: RunMachine.Transition {
        RunMachine.Transition(state: state, changedTasks: changed.sorted(), changes: changes)
    }

    mutating func lease(_ index: Int, _ lease: Lease) throws(RunMachineError) {
        let task = state.tasks[index]
        let isReady = task.state == .pending && task.readyAt.map { $0 <= now } ?? false
        guard isReady, !state.run.status.isEnded, !state.run.isHeld, state.mayStart(index) else {
            throw RunMachineError("Task \(task.id) is \(task.state.rawValue) and cannot be leased.")
        }
        update(index, to: .running, reason: nil) { [now] in
            $0.attempt += 1
            $0.lease = lease
            $0.startedAt = now
            $0.endedAt = nil
            $0.failure = nil
        }
        if state.run.status == .pending {
            state.run.status = .running
            state.run.startedAt = state.run.startedAt ?? now
            changes.insert(.run(status: .running, reason: nil), at: 0)
        }
    }

    mutating func begin(_ index: Int) throws(RunMachineError) {
        try requireAttempt(index)
        state.tasks[index].lease?.begun = true
        changed.insert(index)
    }

    mutating func movePool(_ index: Int, _ pool: String, _ granted: Bool) throws(RunMachineError) {
        try requireAttempt(index)
        let reason = granted ? nil : "waits for pool \(pool)"
        let task = state.tasks[index]
        guard task.pool != pool || task.waitsForSlot == granted || task.reason != reason else { return }
        update(index, to: .running, reason: reason) {
            $0.pool = pool
            $0.waitsForSlot = !granted
        }
    }

    mutating func stop(by person: String) {
        guard !state.run.status.isEnded, state.run.stoppedBy == nil else { return }
        state.run.stoppedBy = person
        changes.append(.stopRequested(by: person))
        for index in state.tasks.indices where state.tasks[index].isAttempting {
            tellToEnd(index, .terminated(by: person))
        }
        giveUp(state.tasks.indices, because: "terminated by \(person)")
        closeGroups()
        endRunIfOver()
    }

    /// Stops one task: as a failure of it, which is not tried again.
    mutating func stopTask(_ index: Int, by person: String) throws(RunMachineError) {
        let task = state.tasks[index]
        guard !task.state.isEnded else {
            throw RunMachineError("Task \(task.id) has ended: there is nothing to terminate.")
        }
        for place in [index] + elements(of: index) {
            if state.tasks[place].isAttempting {
                tellToEnd(place, .terminated(by: person))
            } else if state.tasks[place].state == .pending {
                conclude(place, as: .terminated, reason: "terminated by \(person)")
            }
        }
        settle([])
    }

    mutating func admit() {
        guard state.run.isHeld, !state.run.status.isEnded else { return }
        state.run.isHeld = false
        state.run.reason = nil
        changes.append(.run(status: state.run.status, reason: nil))
        settle(state.tasks.indices)
    }

    /// Tells the attempt's worker to end it; the first reason counts.
    mutating func tellToEnd(_ index: Int, _ why: AttemptStop) {
        guard state.tasks[index].stopping == nil else { return }
        let reason =
            switch why {
            case .terminated: "stopping"
            case .timedOut(let limit, let seconds): "stopping: \(limit.message(seconds))"
            }
        update(index, to: .running, reason: reason) { $0.stopping = why }
    }

    /// Ends a task run that has no attempt under way.
    mutating func conclude(_ index: Int, as ended: TaskState, reason: String?) {
        update(index, to: ended, reason: reason) { [now] in
            $0.lease = nil
            $0.waitsForSlot = false
            $0.stopping = nil
            // After a failure it still tells where the attempt began, for whoever resumes that one.
            if ended == .succeeded { $0.resume = nil }
            $0.endedAt = now
        }
    }

    mutating func update(
        _ index: Int, to newState: TaskState, reason: String?, _ change: (inout TaskRun) -> Void
    ) {
        change(&state.tasks[index])
        state.tasks[index].state = newState
        state.tasks[index].reason = reason
        changed.insert(index)
        changes.append(.task(index: index, state: newState, attempt: state.tasks[index].attempt, reason: reason))
    }

    func requireAttempt(_ index: Int) throws(RunMachineError) {
        let task = state.tasks[index]
        guard task.isAttempting else {
            throw RunMachineError("Task \(task.id) is \(task.state.rawValue), without an attempt under way.")
        }
    }
}

extension TaskState {
    /// What became of a task, for the reasons of others: `failed`, `was terminated`.
    var verb: String {
        switch self {
        case .terminated: "was terminated"
        case .timedOut: "ran out of time"
        case .lost: "was lost"
        case .skipped: "was skipped"
        case .notRun: "did not run"
        default: "failed"
        }
    }
}
