import Foundation
import SluiceCore

/// Runs one leased attempt from its journal's first line to its ending.
struct AttemptRunner: Sendable {
    let store: any EngineStore
    let executors: ExecutorTable
    let connections: any ConnectionDirectory
    let dispatcher: Dispatcher
    let clock: any WallClock

    /// Runs the attempt and reports its ending to the dispatcher.
    func run(_ attempt: ActiveAttempt) async {
        let ending = await withTaskGroup(of: AttemptEnding?.self) { group in
            group.addTask { await execute(attempt) }
            group.addTask {
                await attempt.waitForStop()
                return nil
            }
            // Whichever comes first, the attempt itself is waited for: nothing it started outlives it.
            var ending: AttemptEnding?
            while let result = await group.next() {
                group.cancelAll()
                ending = result ?? ending
            }
            return ending
        }
        dispatcher.end(attempt, ending)
    }

    /// - Returns: how it ended; nil when the lease is lost and nothing may be written.
    private func execute(_ active: ActiveAttempt) async -> AttemptEnding? {
        let leased = active.leased
        do {
            let outcome = try await withJournal(of: active) { context in
                guard let executor = executors[leased.task.pinned.script.kind] else {
                    return .failed(
                        TaskFailure(
                            code: "task.unknown-kind",
                            message: "Nothing here runs scripts of kind '\(leased.task.pinned.script.kind)'."))
                }
                let attempt = try self.attempt(for: leased)
                let outcome = try await executor.execute(attempt, in: context)
                if case .succeeded(value: nil) = outcome { return .succeeded(value: context.value) }
                return outcome
            }
            return active.stopReason == .leaseLost ? nil : .outcome(outcome)
        } catch is LeaseLost {
            return nil
        } catch is CancellationError {
            switch active.stopReason {
            case .stopped(let person): return .terminated(by: person)
            case .timedOut: return .terminated(by: "its limit of time")
            case .leaseLost: return nil
            case .shutdown, nil: return .terminated(by: "the engine's shutdown")
            }
        } catch let error as any SluiceError {
            return .outcome(.failed(TaskFailure(code: error.code, message: error.description)))
        } catch {
            return .outcome(.failed(TaskFailure(code: "executor.fault", message: "\(error)")))
        }
    }

    private func withJournal(
        of active: ActiveAttempt, _ body: (AttemptContext) async throws -> TaskOutcome
    ) async throws -> TaskOutcome {
        let journal = try store.openJournal(of: active.id)
        let secret = try connections.resolve(active.leased.task.pinned.connection.name).secret
        let redactor = SecretRedactor(secrets: [secret].compactMap(\.self))
        let context = AttemptContext(
            leased: active.leased, journal: journal, redactor: redactor, store: store, connections: connections,
            sessions: executors.sessions, dispatcher: dispatcher, clock: clock)
        let outcome: TaskOutcome
        do {
            outcome = try await body(context).redacted(by: redactor)
        } catch {
            // The first fault is the one that explains; a journal that does not close either adds nothing to it.
            do { try journal.close() } catch _ {}
            throw error
        }
        try journal.close()
        return outcome
    }

    private func attempt(for leased: LeasedTask) throws -> TaskAttempt {
        let pinned = leased.task.pinned
        return TaskAttempt(
            id: leased.lease.attempt, job: leased.run.definition.name, task: leased.task.name, script: pinned.script,
            content: try store.content(of: pinned.script.hash), snapshot: leased.run.snapshot, target: pinned.target,
            connection: pinned.connection, nominalTime: leased.run.nominalTime,
            limits: pinned.resources ?? AttemptLimits())
    }
}

extension TaskOutcome {
    /// The outcome with the secrets taken out of the words of a failure. Values are data, and stay as they are.
    fileprivate func redacted(by redactor: SecretRedactor) -> TaskOutcome {
        guard case .failed(var failure) = self else { return self }
        failure.message = redactor.redacted(failure.message)
        failure.detail = failure.detail.map { redactor.redacted($0) }
        return .failed(failure)
    }
}
