extension Machine {
    /// Draws every consequence of what has ended: groups close, failures give up what they forbid, and what waits for
    /// nothing any more becomes ready.
    ///
    /// - Parameter candidates: tasks that may be ready although nothing has ended, as at the start of a run.
    mutating func settle(_ candidates: some Sequence<Int>) {
        guard !state.run.isHeld else { return }
        var isMoving = true
        while isMoving {
            closeGroups()
            isMoving = giveUpAfterFailure()
            isMoving = releaseTasks() || isMoving
        }
        releaseLastTask()
        endRunIfOver()
    }

    /// - Returns: whether a task has ended by it, which may decide about others.
    private mutating func releaseTasks() -> Bool {
        guard !state.run.isStopping else { return false }
        var somethingEnded = false
        for index in 0..<state.baseCount where index != state.finallyIndex {
            let task = state.tasks[index]
            guard task.state == .pending, task.readyAt == nil else { continue }
            switch verdict(on: index) {
            case .wait: continue
            case .run:
                if let loop = state.definition(at: index)?.forEach {
                    expand(index, over: loop)
                    somethingEnded = somethingEnded || state.tasks[index].state.isEnded
                } else {
                    makeReady(index)
                }
            case .never(let ended, let reason):
                conclude(index, as: ended, reason: reason)
                somethingEnded = true
            }
        }
        return somethingEnded
    }

    private enum Verdict {
        case wait, run
        case never(TaskState, reason: String)
    }

    /// What the tasks before it say of a task's turn.
    private func verdict(on index: Int) -> Verdict {
        let before = state.tasks[index].pinned.upstream.map { state.tasks[$0] }
        guard before.allSatisfy(\.state.isEnded) else { return .wait }
        let culprit = before.first { $0.state.isFailure } ?? before.first { $0.state == .notRun }
        let skipped = before.first { $0.state == .skipped }
        switch state.definition(at: index)?.runIf ?? .allSucceeded {
        case .allDone:
            return .run
        case .allSucceeded:
            if let culprit { return .never(.notRun, reason: Self.blame(culprit)) }
            if let skipped { return .never(.skipped, reason: Self.blame(skipped)) }
            return .run
        case .noneFailed:
            return culprit.map { .never(.notRun, reason: Self.blame($0)) } ?? .run
        case .anyFailed:
            let hasFailed = before.contains { $0.state.isFailure || $0.state == .notRun }
            return hasFailed ? .run : .never(.skipped, reason: "no task before it failed")
        case .anySucceeded:
            if before.isEmpty || before.contains(where: { $0.state == .succeeded }) { return .run }
            return .never(culprit == nil ? .skipped : .notRun, reason: "no task before it succeeded")
        }
    }

    static func blame(_ task: TaskRun) -> String { "task '\(task.name)' \(task.state.verb)" }

    /// Puts a task in its pool's queue.
    mutating func makeReady(_ index: Int) {
        update(index, to: .pending, reason: "waits for pool \(state.tasks[index].pool)") { [now] in
            $0.readyAt = now
            $0.firstReadyAt = $0.firstReadyAt ?? now
        }
    }

    /// What a failure forbids under ``FailurePolicy/stop``.
    ///
    /// - Returns: whether a task has ended by it.
    private mutating func giveUpAfterFailure() -> Bool {
        guard state.run.definition.onFailure == .stop,
            let culprit = state.tasks.first(where: { $0.state.isFailure }),
            state.tasks.contains(where: { $0.state == .pending })
        else { return false }
        let kept = state.keptAfterFailure()
        let given = state.tasks.indices.filter { place in
            let task = state.tasks[place]
            guard task.state == .pending else { return false }
            if task.id.element == nil { return !kept.contains(place) }
            // An element goes with its group; where that is kept, only a failure of its own ends it.
            return !kept.contains(task.id.index)
                || elements(of: task.id.index).contains { state.tasks[$0].state.isFailure }
        }
        giveUp(given, because: Self.blame(culprit))
        return !given.isEmpty
    }

    /// Ends what waits.
    mutating func giveUp(_ places: some Sequence<Int>, because reason: String) {
        for index in places where state.tasks[index].state == .pending {
            conclude(index, as: .notRun, reason: reason)
        }
    }

    /// The task that runs at last is ready once all others have ended, unless a person ended the run.
    private mutating func releaseLastTask() {
        guard let last = state.finallyIndex, state.tasks[last].state == .pending, state.tasks[last].readyAt == nil,
            state.run.stoppedBy == nil,
            state.tasks.indices.allSatisfy({ $0 == last || state.tasks[$0].state.isEnded })
        else { return }
        makeReady(last)
    }

    mutating func endRunIfOver() {
        guard !state.run.status.isEnded, state.tasks.allSatisfy(\.state.isEnded) else { return }
        let culprit = state.tasks.first { $0.state.isFailure }
        let failed = culprit != nil || state.run.isStopping
        state.run.status = failed ? .failed : .succeeded
        if let person = state.run.stoppedBy {
            state.run.reason = "terminated by \(person)"
        } else if let overtime = state.run.overtime {
            state.run.reason = overtime
        } else if let culprit {
            state.run.reason = Self.blame(culprit)
        }
        state.run.isHeld = false
        state.run.endedAt = now
        changes.append(.run(status: state.run.status, reason: state.run.reason))
    }
}
