import Foundation

/// The rules by which a run moves: value in, value out. Nothing else changes the state of a run.
public enum RunMachine {
    /// Something that happened to a run.
    public enum Input: Sendable, Hashable {
        /// A worker has claimed the task at `index`.
        case leased(index: Int, lease: Lease)
        /// The attempt's execution has begun.
        case begun(index: Int)
        /// The attempt gave up its slot and wants one of `pool`; `granted` when it has it.
        case movedPool(index: Int, pool: String, granted: Bool)
        /// The attempt at the task at `index` is over. One that was lost before it had begun is ready again.
        case ended(index: Int, ending: AttemptEnding)
        /// Somebody wants the run to end now.
        case stop(by: String)
    }

    /// What an input led to.
    public struct Transition: Sendable, Hashable {
        public var state: RunState
        /// Which task runs are not as they were.
        public var changedTasks: [Int]
        public var changes: [RunChange]
    }

    /// The state of a run that has just been submitted: what waits for nothing is ready.
    public static func start(_ run: Run, tasks: [TaskRun], at now: Date) -> Transition {
        var machine = Machine(RunState(run: run, tasks: tasks), at: now)
        machine.changes.append(.run(status: run.status, reason: nil))
        machine.releaseReadyTasks(among: tasks.indices)
        return machine.transition
    }

    /// Moves `state` by `input`.
    ///
    /// - Throws: ``RunMachineError`` when the input does not fit the state; nothing changes then.
    public static func apply(_ input: Input, to state: RunState, at now: Date) throws(RunMachineError) -> Transition {
        var machine = Machine(state, at: now)
        switch input {
        case .leased(let index, let lease): try machine.lease(index, lease)
        case .begun(let index): try machine.begin(index)
        case .movedPool(let index, let pool, let granted): try machine.movePool(index, pool, granted)
        case .ended(let index, let ending): try machine.end(index, ending)
        case .stop(let person): machine.stop(by: person)
        }
        return machine.transition
    }
}

/// How an attempt ended, as the engine knows it.
public enum AttemptEnding: Sendable, Hashable, Codable {
    /// The executor says how it ended.
    case outcome(TaskOutcome)
    /// It was cancelled because somebody stopped the run, and has ended.
    case terminated(by: String)
    /// Its worker vanished.
    case lost(reason: String)
}

/// An input that does not fit the state: a caller's mistake or a message that came too late.
public struct RunMachineError: SluiceError, Hashable {
    public var message: String
    public var code: String { "run.illegal-transition" }
    public var category: ErrorCategory { .conflict }
}

/// The working copy behind ``RunMachine``.
private struct Machine {
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
        guard task.state == .pending, task.readyAt != nil, !state.run.status.isEnded, state.run.stoppedBy == nil else {
            throw RunMachineError(message: "Task \(task.id) is \(task.state.rawValue) and cannot be leased.")
        }
        update(index, to: .running, reason: nil) { [now] in
            $0.attempt += 1
            $0.lease = lease
            $0.startedAt = now
        }
        if state.run.status == .pending {
            state.run.status = .running
            state.run.startedAt = now
            changes.insert(.run(status: .running, reason: nil), at: 0)
        }
    }

    mutating func begin(_ index: Int) throws(RunMachineError) {
        try requireRunning(index)
        state.tasks[index].lease?.begun = true
        changed.insert(index)
    }

    mutating func movePool(_ index: Int, _ pool: String, _ granted: Bool) throws(RunMachineError) {
        try requireRunning(index)
        let reason = granted ? nil : "waits for pool \(pool)"
        let task = state.tasks[index]
        guard task.pool != pool || task.waitsForSlot == granted || task.reason != reason else { return }
        update(index, to: .running, reason: reason) {
            $0.pool = pool
            $0.waitsForSlot = !granted
        }
    }

    mutating func end(_ index: Int, _ ending: AttemptEnding) throws(RunMachineError) {
        try requireRunning(index)
        if case .lost = ending, state.tasks[index].lease?.begun == false, state.run.stoppedBy == nil {
            return requeue(index)
        }
        let (ended, reason): (TaskState, String?)
        switch ending {
        case .outcome(.succeeded(let value)):
            (ended, reason) = (.succeeded, nil)
            state.tasks[index].value = value
        case .outcome(.failed(let failure)):
            (ended, reason) = (.failed, failure.message)
            state.tasks[index].failure = failure
        case .terminated(let person):
            (ended, reason) = (.terminated, "terminated by \(person)")
        case .lost(let why):
            (ended, reason) = (.lost, why)
        }
        update(index, to: ended, reason: reason) { [now] in
            $0.lease = nil
            $0.waitsForSlot = false
            $0.endedAt = now
        }
        if ended.isFailure {
            giveUpWaitingTasks(because: "task '\(state.tasks[index].name)' \(Self.verb(ended))")
        } else {
            releaseReadyTasks(among: state.tasks.indices.filter { state.tasks[$0].pinned.upstream.contains(index) })
        }
        endRunIfOver()
    }

    /// The worker vanished before the attempt had any effect: the task is as ready as it was, or not run when the run
    /// has failed meanwhile.
    private mutating func requeue(_ index: Int) {
        if let culprit = state.tasks.first(where: { $0.state.isFailure }) {
            update(index, to: .notRun, reason: "task '\(culprit.name)' \(Self.verb(culprit.state))") { [now] in
                $0.lease = nil
                $0.waitsForSlot = false
                $0.endedAt = now
            }
            return endRunIfOver()
        }
        update(index, to: .pending, reason: "waits for pool \(state.tasks[index].pinned.target.pool)") {
            $0.lease = nil
            $0.waitsForSlot = false
            $0.pool = $0.pinned.target.pool
            $0.startedAt = nil
        }
    }

    mutating func stop(by person: String) {
        guard !state.run.status.isEnded, state.run.stoppedBy == nil else { return }
        state.run.stoppedBy = person
        changes.append(.stopRequested(by: person))
        for index in state.tasks.indices where state.tasks[index].state == .running {
            update(index, to: .running, reason: "stopping") { _ in }
        }
        giveUpWaitingTasks(because: "terminated by \(person)")
        endRunIfOver()
    }

    mutating func releaseReadyTasks(among candidates: some Sequence<Int>) {
        guard state.run.stoppedBy == nil else { return }
        for index in candidates where state.tasks[index].state == .pending && state.tasks[index].readyAt == nil {
            let waits = state.tasks[index].pinned.upstream.contains { state.tasks[$0].state != .succeeded }
            if !waits {
                update(index, to: .pending, reason: "waits for pool \(state.tasks[index].pool)") { [now] in
                    $0.readyAt = now
                }
            }
        }
    }

    private mutating func giveUpWaitingTasks(because reason: String) {
        for index in state.tasks.indices where state.tasks[index].state == .pending {
            update(index, to: .notRun, reason: reason) { [now] in $0.endedAt = now }
        }
    }

    private mutating func endRunIfOver() {
        guard !state.run.status.isEnded, state.tasks.allSatisfy(\.state.isEnded) else { return }
        let culprit = state.tasks.first { $0.state.isFailure }
        let failed = culprit != nil || state.run.stoppedBy != nil
        state.run.status = failed ? .failed : .succeeded
        if let person = state.run.stoppedBy {
            state.run.reason = "terminated by \(person)"
        } else if let culprit {
            state.run.reason = "task '\(culprit.name)' \(Self.verb(culprit.state))"
        }
        state.run.endedAt = now
        changes.append(.run(status: state.run.status, reason: state.run.reason))
    }

    private mutating func update(
        _ index: Int, to newState: TaskState, reason: String?, _ change: (inout TaskRun) -> Void
    ) {
        change(&state.tasks[index])
        state.tasks[index].state = newState
        state.tasks[index].reason = reason
        changed.insert(index)
        changes.append(
            .task(index: index, state: newState, attempt: state.tasks[index].attempt, reason: reason))
    }

    private func requireRunning(_ index: Int) throws(RunMachineError) {
        let task = state.tasks[index]
        guard task.state == .running else {
            throw RunMachineError(message: "Task \(task.id) is \(task.state.rawValue), not running.")
        }
    }

    private static func verb(_ state: TaskState) -> String {
        switch state {
        case .terminated: "was terminated"
        case .timedOut: "ran out of time"
        case .lost: "was lost"
        default: "failed"
        }
    }
}
