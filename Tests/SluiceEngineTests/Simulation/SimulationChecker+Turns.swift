import Foundation
import SluiceCore

extension SimulationChecker {
    /// Whether the task at `place`, which has just been leased, may have its turn.
    func checkTurn(of place: Int, in state: RunState) {
        let task = state.tasks[place]
        let run = state.run
        let index = task.id.index
        let isLast = index == run.definition.tasks.count
        require(!run.isHeld, "\(task.id) runs although its run waits for others")
        require(run.stoppedBy == nil, "\(task.id) starts although its run was stopped")
        require(run.overtime == nil || isLast, "\(task.id) starts although the time of its run is over")
        if isLast {
            require(
                state.tasks.allSatisfy { $0.id == task.id || $0.state.isEnded },
                "\(task.id) runs before the others ended")
            return
        }
        require(isMet(index, in: state), "\(task.id) starts although its condition does not hold")
        if run.definition.onFailure == .stop, state.tasks.contains(where: { $0.state.isFailure }) {
            let isKept = keptAfterFailure(state).contains(index)
            let hasBrother = state.tasks.contains { $0.id.index == index && $0.id.element != nil && $0.state.isFailure }
            require(isKept && !hasBrother, "\(task.id) starts although a failure has stopped the job")
        }
        if let element = task.id.element, let limit = state.definition(of: task.id)?.forEach?.concurrency {
            let running = state.tasks.count { $0.id.index == index && $0.id.element != nil && $0.isAttempting }
            require(running <= limit, "\(running) elements run beside \(element), \(limit) may")
        }
    }

    /// Whether all before a task have ended, and as it wants.
    private func isMet(_ index: Int, in state: RunState) -> Bool {
        let before = state.tasks[index].pinned.upstream.map { state.tasks[$0].state }
        guard before.allSatisfy(\.isEnded) else { return false }
        let hasFailed = before.contains { $0.isFailure || $0 == .notRun }
        return switch state.run.definition.tasks[index].runIf {
        case .allDone: true
        case .allSucceeded: before.allSatisfy { $0 == .succeeded }
        case .noneFailed: !hasFailed
        case .anyFailed: hasFailed
        case .anySucceeded: before.isEmpty || before.contains(.succeeded)
        }
    }

    /// The tasks that were written for failures, and all behind them.
    private func keptAfterFailure(_ state: RunState) -> Set<Int> {
        var kept: Set<Int> = []
        for _ in state.run.definition.tasks {
            for (index, task) in state.run.definition.tasks.enumerated() {
                let isTolerant = task.runIf != .allSucceeded && task.runIf != .noneFailed
                let isBehind = state.tasks[index].pinned.upstream.contains(where: kept.contains)
                if isTolerant || isBehind { kept.insert(index) }
            }
        }
        return kept
    }

    /// What holds of a run as a whole.
    func checkRun(_ state: RunState, wasEnded: Bool, _ operation: Operation) {
        let run = state.run
        if wasEnded, case .reopen = operation {
        } else if wasEnded {
            require(run.status.isEnded, "run \(run.id) had ended and is \(run.status) again")
        }
        let isOver = state.tasks.allSatisfy(\.state.isEnded)
        require(isOver == run.status.isEnded, "run \(run.id) is \(run.status) with \(state.tasks.map(\.state))")
        if let limit = run.definition.maxConcurrentRuns, let job = run.job?.job, !run.isHeld, !run.status.isEnded {
            let others = openRuns.filter { id in
                guard id != run.id, let other = states[id]?.run else { return false }
                return other.job?.job == job && !other.isHeld
            }
            if isFresh(run.id) {
                require(others.count < limit, "run \(run.id) is under way beside \(others.sorted()), \(limit) may be")
            }
        }
        guard run.status.isEnded, !wasEnded else { return }
        let hasFailed = state.tasks.contains { $0.state.isFailure }
        require(
            (run.status == .failed) == (hasFailed || run.isStopping),
            "run \(run.id) ended as \(run.status) with \(state.tasks.map(\.state))")
        if !run.isStopping { checkLeftOut(of: state, hasFailed: hasFailed) }
    }

    private func isFresh(_ run: RunID) -> Bool { (states[run]?.run).map { $0.isHeld || $0.status.isEnded } ?? true }

    /// Whoever had no turn in a run that nobody stopped was not meant to have one.
    private func checkLeftOut(of state: RunState, hasFailed: Bool) {
        for index in state.run.definition.tasks.indices {
            let task = state.tasks[index]
            switch task.state {
            case .succeeded:
                require(isMet(index, in: state), "\(task.id) succeeded although its condition does not hold")
            case .skipped, .notRun:
                let isGivenUp = state.run.definition.onFailure == .stop && hasFailed && task.state == .notRun
                require(isGivenUp || !isMet(index, in: state), "\(task.id) had no turn although its condition holds")
            default: break
            }
        }
    }
}
