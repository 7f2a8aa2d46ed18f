import Foundation

extension RunState {
    /// When the run has to be looked at although nothing happens to it: a limit is exceeded, or a retry is due.
    ///
    /// A store keeps it beside the run, so that looking for what is due costs what is due and not what exists.
    ///
    /// - Parameter now: what became due before does not count any more.
    public func nextDue(after now: Date) -> Date? {
        guard !run.status.isEnded else { return nil }
        var next = runDeadline
        // By place: a run may have thousands of tasks, and this is asked at every change.
        for index in tasks.indices where !tasks[index].state.isEnded {
            if tasks[index].state == .pending, let retry = tasks[index].readyAt, retry > now {
                next = min(next ?? retry, retry)
            }
            if tasks[index].pinned.limits != nil, let deadline = tasks[index].deadline?.at {
                next = min(next ?? deadline, deadline)
            }
        }
        return next
    }

    /// When the run as a whole is over its time.
    fileprivate var runDeadline: Date? {
        guard !run.isStopping, let limit = run.definition.timeLimit else { return nil }
        return run.startedAt.map { $0 + limit }
    }
}

extension TaskRun {
    /// The first limit that it will exceed if nothing happens.
    fileprivate var deadline: (at: Date, limit: TimeLimit, seconds: Double)? {
        guard let limits = pinned.limits, !state.isEnded, stopping == nil else { return nil }
        var found: (at: Date, limit: TimeLimit, seconds: Double)?
        func consider(_ limit: TimeLimit, _ seconds: Double?, since: Date?) {
            guard let seconds, let since, since + seconds < found?.at ?? .distantFuture else { return }
            found = (since + seconds, limit, seconds)
        }
        if state == .pending { consider(.queue, limits.queue, since: readyAt) }
        if isAttempting { consider(.attempt, limits.attempt, since: startedAt) }
        consider(.total, limits.total, since: firstReadyAt)
        return found
    }
}

extension Machine {
    /// Ends what is over its limits, and tells those who must end it.
    mutating func enforceLimits() {
        guard !state.run.status.isEnded else { return }
        if let deadline = state.runDeadline, deadline <= now, let seconds = state.run.definition.timeLimit {
            endRunOverTime(seconds)
        }
        for index in state.tasks.indices {
            let task = state.tasks[index]
            guard let deadline = task.deadline, deadline.at <= now else { continue }
            exceed(index, deadline.limit, deadline.seconds)
        }
        settle([])
    }

    private mutating func endRunOverTime(_ seconds: Double) {
        state.run.overtime = TimeLimit.run.message(seconds)
        for index in state.tasks.indices where index != state.finallyIndex && state.tasks[index].isAttempting {
            tellToEnd(index, .timedOut(.run, seconds: seconds))
        }
        let waiting = state.tasks.indices.filter { $0 != state.finallyIndex }
        giveUp(waiting, because: TimeLimit.run.message(seconds))
    }

    private mutating func exceed(_ index: Int, _ limit: TimeLimit, _ seconds: Double) {
        let task = state.tasks[index]
        if task.isAttempting { return tellToEnd(index, .timedOut(limit, seconds: seconds)) }
        let message = limit.message(seconds)
        if task.state == .running {
            // A group: its elements are what runs.
            state.tasks[index].stopping = .timedOut(limit, seconds: seconds)
            changed.insert(index)
            for place in elements(of: index) {
                if state.tasks[place].isAttempting {
                    tellToEnd(place, .timedOut(limit, seconds: seconds))
                } else if state.tasks[place].state == .pending {
                    conclude(place, as: .timedOut, reason: message)
                }
            }
            return
        }
        state.tasks[index].failure = TaskFailure(code: limit.code, message: "The task \(message).")
        conclude(index, as: .timedOut, reason: message)
    }
}
