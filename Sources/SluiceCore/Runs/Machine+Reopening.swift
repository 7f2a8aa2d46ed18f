extension Machine {
    /// Lets a failed run go on: what succeeded stays, what failed, what did not run and all that depends on either has its
    /// turn again, as new attempts behind the old ones.
    mutating func reopen(_ how: RunMachine.Reopening) throws(RunMachineError) {
        guard state.run.status == .failed else {
            throw RunMachineError(
                "Run \(state.run.id) is \(state.run.status.rawValue); only one that has failed can go on from where it failed."
            )
        }
        // Upstream first, so that one pass finds all that depends on them: a cycle cannot be.
        var again: Set<Int> = []
        var behind: Set<Int> = []
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for index in 0..<state.baseCount {
                let task = state.tasks[index]
                if task.pinned.upstream.contains(where: again.contains), behind.insert(index).inserted {
                    isGrowing = again.insert(index).inserted || isGrowing
                }
                if task.state != .succeeded || index == state.finallyIndex {
                    isGrowing = again.insert(index).inserted || isGrowing
                }
            }
        }
        for index in again.sorted() {
            reset(index, how)
            for place in elements(of: index) where behind.contains(index) || state.tasks[place].state != .succeeded {
                reset(place, how)
            }
        }
        state.run.snapshot = how.snapshot
        state.run.attachedTo = how.attachedTo
        state.run.status = .pending
        state.run.isHeld = how.isHeld
        state.run.reason = how.isHeld ? Run.heldReason : nil
        state.run.stoppedBy = nil
        state.run.overtime = nil
        state.run.startedAt = nil
        state.run.endedAt = nil
        changes.insert(.run(status: .pending, reason: state.run.reason), at: 0)
        settle(state.tasks.indices)
    }

    private mutating func reset(_ index: Int, _ how: RunMachine.Reopening) {
        let task = state.tasks[index]
        if how.tasks.indices.contains(task.id.index) { state.tasks[index].pinned = how.tasks[task.id.index] }
        if task.attempt > (task.history.last?.number ?? 0) { remember(index, as: task.state, reason: task.reason) }
        update(index, to: .pending, reason: nil) {
            $0.pool = $0.pinned.target.pool
            $0.waitsForSlot = false
            $0.readyAt = nil
            $0.firstReadyAt = nil
            $0.startedAt = nil
            $0.endedAt = nil
            $0.lease = nil
            $0.value = nil
            $0.failure = nil
            $0.stopping = nil
            $0.rank = nil
            $0.resume = how.resume[task.id]
        }
    }
}

extension Run {
    /// Why a run that could start does not.
    public static let heldReason = "waits for other runs of its job to end"
}
