import Foundation

extension Machine {
    /// How often a task that may run twice is run again after its worker vanished.
    static let lossLimit = 3

    mutating func end(_ index: Int, _ ending: AttemptEnding, _ chance: Double) throws(RunMachineError) {
        try requireAttempt(index)
        let task = state.tasks[index]
        if isInterruption(ending, of: task), state.mayStart(index), task.stopping == nil {
            requeue(index, remembering: task.lease?.begun == true ? ending : nil)
            return settle([])
        }
        let (ended, reason, failure) = verdict(on: ending, of: task)
        if case .outcome(.succeeded(let value)) = ending {
            state.tasks[index].value = value
        }
        state.tasks[index].failure = failure
        if let failure, let delay = retryDelay(index, after: failure, chance) {
            retry(index, in: delay, after: ended, reason: reason, failure)
        } else {
            conclude(index, as: ended, reason: reason)
        }
        settle([])
    }

    /// Whether the attempt broke off through no doing of its script, and may simply be had again: it had not begun, or its
    /// task may run twice.
    private func isInterruption(_ ending: AttemptEnding, of task: TaskRun) -> Bool {
        if case .outcome = ending { return false }
        if task.lease?.begun == false { return true }
        guard state.run.definition.task(at: task.id.index)?.idempotent == true else { return false }
        return task.attempts(thatWere: .lost) < Self.lossLimit
    }

    private func verdict(
        on ending: AttemptEnding, of task: TaskRun
    ) -> (ended: TaskState, reason: String?, failure: TaskFailure?) {
        // What it was told to end for explains more than how it ended. Only a success was quicker, and only of a worker that
        // vanished nobody knows whether the attempt has ended at all.
        if let stopping = task.stopping, !ending.isSuccess, !ending.isLost {
            switch stopping {
            case .terminated(let person):
                return (.terminated, "terminated by \(person)", nil)
            case .timedOut(let limit, let seconds):
                let message = limit.message(seconds)
                return (.timedOut, message, TaskFailure(code: limit.code, message: "The task \(message)."))
            }
        }
        switch ending {
        case .outcome(.succeeded): return (.succeeded, nil, nil)
        case .outcome(.failed(let failure)): return (.failed, failure.message, failure)
        case .terminated(let person): return (.terminated, "terminated by \(person)", nil)
        case .lost(let why): return (.lost, why, nil)
        }
    }

    /// How long to wait before the next attempt, in seconds; nil when there is none.
    private func retryDelay(_ index: Int, after failure: TaskFailure, _ chance: Double) -> Double? {
        let task = state.tasks[index]
        guard let retries = state.definition(at: index)?.retries, retries.retries(failure.code), state.mayStart(index)
        else { return nil }
        switch task.stopping {
        case nil, .timedOut(.attempt, _): break
        case .terminated, .timedOut: return nil
        }
        // Another task's failure has ended the job: there is no use in trying on.
        if state.run.definition.onFailure == .stop, state.hasFailure,
            !state.keptAfterFailure().contains(task.id.index)
        {
            return nil
        }
        let failures = task.attempts(thatWere: .failed, .timedOut) + 1
        guard failures <= retries.count else { return nil }
        let delay = retries.delay(after: failures, chance: chance)
        if let total = task.pinned.limits?.total, let since = task.firstReadyAt, now + delay >= since + total {
            return nil
        }
        return delay
    }

    private mutating func retry(
        _ index: Int, in delay: Double, after ended: TaskState, reason: String?, _ failure: TaskFailure
    ) {
        let task = state.tasks[index]
        let wait = delay < 1 ? "at once" : "in \(TimeLimit.words(delay.rounded()))"
        remember(index, as: ended, reason: reason)
        update(index, to: .pending, reason: "tried again \(wait), attempt \(task.attempt) failed: \(failure.message)") {
            [now] in
            $0.lease = nil
            $0.waitsForSlot = false
            $0.stopping = nil
            $0.pool = $0.pinned.target.pool
            $0.readyAt = now + delay
            $0.rank = nil
        }
    }

    /// The task is as ready as it was.
    private mutating func requeue(_ index: Int, remembering ending: AttemptEnding?) {
        if let ending {
            let (ended, reason, _) = verdict(on: ending, of: state.tasks[index])
            remember(index, as: ended == .terminated ? .lost : ended, reason: reason)
        }
        update(index, to: .pending, reason: "waits for pool \(state.tasks[index].pinned.target.pool)") {
            $0.lease = nil
            $0.waitsForSlot = false
            $0.pool = $0.pinned.target.pool
            $0.startedAt = nil
        }
    }

    /// Puts the present attempt among the past ones.
    mutating func remember(_ index: Int, as ended: TaskState, reason: String?) {
        let task = state.tasks[index]
        state.tasks[index].history.append(
            PastAttempt(
                number: task.attempt, state: ended, reason: reason, startedAt: task.startedAt,
                endedAt: task.endedAt ?? now, failure: task.failure))
    }
}

extension AttemptEnding {
    fileprivate var isSuccess: Bool {
        if case .outcome(.succeeded) = self { return true }
        return false
    }

    fileprivate var isLost: Bool {
        if case .lost = self { return true }
        return false
    }
}

extension TaskRun {
    /// How many of its past attempts ended so since it first became ready: before a reopening they were another story.
    fileprivate func attempts(thatWere states: TaskState...) -> Int {
        history.count { past in
            states.contains(past.state) && past.startedAt.map { $0 >= firstReadyAt ?? $0 } ?? true
        }
    }
}
