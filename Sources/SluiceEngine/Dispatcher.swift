import Foundation
import SluiceCore
import Synchronization

/// Carries attempts between the store and the executors: one ``step(now:)`` commits everything that was reported since
/// the last one and leases what there is room for, in a single transaction.
///
/// Reports that come in while a step commits share the next transaction, so the cost of durability is spread over the
/// load by itself.
final class Dispatcher: Sendable {
    private struct State {
        var active: [AttemptID: ActiveAttempt] = [:]
        var begun: [(lease: HeldLease, whenCommitted: @Sendable (Result<Void, any Error>) -> Void)] = []
        var ended: [AdvanceOrder.Ended] = []
        /// Attempts whose lease is gone: they leave without a word to the store.
        var abandoned: [AttemptID] = []
        /// What was stopped while a step may have been leasing from it.
        var stops: [StopTarget] = []
        /// Set when nothing more may start, and what runs may finish.
        var isDraining = false
        /// Set when nothing more may start; says why.
        var closed: (any Error)?
    }

    /// What a person stops.
    enum StopTarget: Hashable {
        case run(RunID)
        /// With the elements of a for-each.
        case task(TaskRunID)

        func contains(_ attempt: AttemptID) -> Bool {
            switch self {
            case .run(let run): attempt.run == run
            case .task(let task):
                attempt.task == task
                    || task.element == nil && attempt.run == task.run && attempt.task.index == task.index
            }
        }
    }

    private let store: any RunStore
    private let order: LeaseOrder
    private let state = Mutex(State())
    /// Where the delays of retries fall in their spread, from 0 to 1.
    private let chance: @Sendable () -> Double
    /// Raised whenever a step would find something to do.
    let wake = WakeSignal()

    init(
        store: any RunStore, kinds: Set<ScriptKind>, configuration: EngineConfiguration,
        chance: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.store = store
        self.chance = chance
        order = LeaseOrder(
            worker: configuration.worker, kinds: kinds, limit: configuration.maximumAttempts,
            duration: configuration.leaseDuration, attachedOnly: configuration.isPassing)
    }

    /// Commits what was reported, leases what there is room for.
    ///
    /// - Returns: the attempts to start now.
    func step(now: Date) throws -> [ActiveAttempt] {
        for attempt in try store.enforceLimits() {
            state.withLock { $0.active[attempt] }?.stop(.timedOut)
        }
        let (reports, request) = state.withLock { state in
            let reports = (begun: state.begun, ended: state.ended)
            (state.begun, state.ended) = ([], [])
            for attempt in reports.ended.map(\.lease.attempt) + state.abandoned {
                state.active.removeValue(forKey: attempt)
            }
            state.abandoned = []
            var order = order
            order.limit = state.closed == nil && !state.isDraining ? order.limit - state.active.count : 0
            return (
                reports,
                AdvanceOrder(
                    begun: reports.begun.map(\.lease), ended: reports.ended, lease: order.limit > 0 ? order : nil)
            )
        }
        guard !request.begun.isEmpty || !request.ended.isEmpty || request.lease != nil else { return [] }

        let advanced: Advanced
        do {
            advanced = try store.advance(request)
        } catch {
            for report in reports.begun { report.whenCommitted(.failure(error)) }
            throw error
        }
        let started = advanced.leased.map(ActiveAttempt.init)
        let suspects = state.withLock { state in
            for attempt in started {
                state.active[attempt.id] = attempt
                if state.closed != nil { attempt.stop(.shutdown) }
            }
            // Their stop is committed: the next step leases nothing of theirs.
            defer { state.stops = [] }
            return started.filter { attempt in state.stops.contains { $0.contains(attempt.id) } }
        }
        // The stop may be an old one, of before the run was reopened: the store knows.
        try obey(suspects)
        let stale = Set(advanced.stale)
        for report in reports.begun {
            let attempt = report.lease.attempt
            if stale.contains(attempt) {
                report.whenCommitted(.failure(LeaseLost(attempt)))
            } else {
                report.whenCommitted(.success(()))
            }
        }
        return started
    }

    /// Has the beginning of an attempt committed with the next step.
    func begin(_ lease: HeldLease) async throws {
        try await withCheckedThrowingContinuation { continuation in
            begin(lease) { continuation.resume(with: $0) }
        }
    }

    /// As ``begin(_:)`` for a caller that does not wait; `whenCommitted` is called once.
    func begin(_ lease: HeldLease, whenCommitted: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let closed: (any Error)? = state.withLock { state in
            if let error = state.closed { return error }
            state.begun.append((lease, whenCommitted))
            return nil
        }
        if let closed { whenCommitted(.failure(closed)) } else { wake.raise() }
    }

    /// Has the ending of an attempt committed with the next step; nil when the attempt is not ours any more.
    func end(_ attempt: ActiveAttempt, _ ending: AttemptEnding?) {
        state.withLock { state in
            if let ending {
                state.ended.append(.init(lease: attempt.leased.lease, ending: ending, chance: chance()))
            } else {
                state.abandoned.append(attempt.id)
            }
        }
        wake.raise()
    }

    /// The attempts that are under way.
    var active: [ActiveAttempt] { state.withLock { Array($0.active.values) } }

    /// Ends the attempts of what was stopped and whose stop is committed, also those that are being leased at this moment.
    func stop(_ target: StopTarget, by person: String) {
        let active = state.withLock { state in
            state.stops.append(target)
            return state.active.values.filter { target.contains($0.id) }
        }
        for attempt in active { attempt.stop(.stopped(by: person)) }
    }

    /// Ends those of `attempts` that the store says were told to end.
    func obey(_ attempts: [ActiveAttempt]) throws {
        for attempt in attempts where attempt.stopReason == nil {
            guard let run = try store.run(attempt.id.run), let place = run.position(of: attempt.id.task),
                run.tasks[place].attempt == attempt.id.number
            else { continue }
            switch run.tasks[place].stopping {
            case .terminated(let person): attempt.stop(.stopped(by: person))
            case .timedOut: attempt.stop(.timedOut)
            case nil: continue
            }
        }
    }

    /// Leases nothing any more and lets what runs finish.
    func drain() {
        state.withLock { $0.isDraining = true }
        wake.raise()
    }

    /// Leases nothing any more and ends what runs; their endings are still committed by further steps.
    ///
    /// - Parameter reason: `CancellationError` for a shutdown in good order, else the fault that forbids to go on.
    func close(_ reason: any Error) {
        let (waiting, active) = state.withLock { state in
            state.closed = state.closed ?? reason
            defer { state.begun = [] }
            return (state.begun, Array(state.active.values))
        }
        for report in waiting { report.whenCommitted(.failure(reason)) }
        for attempt in active { attempt.stop(.shutdown) }
        wake.raise()
    }

    /// The fault that closed the dispatcher; nil while it is open or after a shutdown in good order.
    var fault: (any Error)? {
        state.withLock { $0.closed is CancellationError ? nil : $0.closed }
    }

    /// Whether nothing may start and everything that ran is committed.
    var isDrained: Bool {
        state.withLock {
            ($0.closed != nil || $0.isDraining) && $0.active.isEmpty && $0.ended.isEmpty && $0.abandoned.isEmpty
        }
    }
}
