import SluiceCore
import SluiceEngine

/// Asks for a run to end. It has ended once its last attempt is reaped.
package struct StopRun: EngineOperation {
    package static let name = "runs.stop"
    package var run: RunID

    package init(_ run: RunID) { self.run = run }

    /// - Throws: ``RequestError`` `run.unknown`.
    package func perform(in host: EngineHost) throws -> RunState {
        let state = try FindRun(run).perform(in: host)
        guard !state.run.status.isEnded else { return state }
        let stopped = try host.engine.stop(run, by: host.person.name)
        return try LeftAttempts.end(in: run, host) { _ in true } ?? stopped
    }
}

/// Asks for one task of a run to end, with the elements of a for-each. The run goes on as after a failure of it.
package struct StopTask: EngineOperation {
    package static let name = "runs.stop-task"
    package var task: TaskRunID

    package init(_ task: TaskRunID) { self.task = task }

    /// - Throws: ``EngineError`` `task-run.unknown`, ``RunMachineError`` when the task has ended.
    package func perform(in host: EngineHost) throws -> RunState {
        let stopped = try host.engine.stopTask(task, by: host.person.name)
        return try LeftAttempts.end(in: task.run, host) { attempt in
            attempt.task == task || task.element == nil && attempt.task.index == task.index
        } ?? stopped
    }
}

/// What a worker that is gone left under way.
private enum LeftAttempts {
    /// Ends those of a run. Nobody else would where no engine runs on the store.
    ///
    /// - Returns: the run as it stands then; nil when an engine runs here, which does it by itself.
    static func end(in run: RunID, _ host: EngineHost, where isMeant: (AttemptID) -> Bool) throws -> RunState? {
        guard !host.isRunning else { return nil }
        let reason = "its worker vanished; whether its work took effect is unknown"
        let left = try host.store.expiredLeases { _ in true }.filter { $0.attempt.run == run && isMeant($0.attempt) }
        if !left.isEmpty {
            _ = try host.store.advance(
                AdvanceOrder(ended: left.map { .init(lease: $0, ending: .lost(reason: reason)) }))
        }
        return try host.store.run(run)
    }
}

/// Takes on a new run of what an earlier one ran: its job's definition, parameters and nominal time as they were, the
/// scripts as they are now.
package struct RerunRun: EngineOperation {
    package static let name = "runs.rerun"
    package var run: RunID

    package init(_ run: RunID) { self.run = run }

    package func perform(in host: EngineHost) async throws -> Run {
        try host.gate.pass()
        return try await host.engine.submit(
            RunRequest(.run(run), trigger: .rerun, initiator: host.person.name))
    }
}

/// Lets a failed run go on from its failed tasks, as new attempts behind the old ones.
package struct ReopenRun: EngineOperation {
    package static let name = "runs.reopen"
    package var run: RunID

    package init(_ run: RunID) { self.run = run }

    package func perform(in host: EngineHost) async throws -> RunState {
        try host.gate.pass()
        return try await host.engine.reopen(run)
    }
}

/// Lets a failed run go on, one of its failed scripts at a statement instead of its beginning.
package struct ResumeRun: EngineOperation {
    package static let name = "runs.resume"
    package var run: RunID
    package var wish: ResumeWish

    package init(_ run: RunID, at wish: ResumeWish) {
        self.run = run
        self.wish = wish
    }

    package func perform(in host: EngineHost) async throws -> Resumption {
        try host.gate.pass()
        return try await host.engine.resume(run, at: wish)
    }
}
