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
        var begun: [(lease: HeldLease, whenCommitted: CheckedContinuation<Void, any Error>)] = []
        var ended: [AdvanceOrder.Ended] = []
        /// Attempts whose lease is gone: they leave without a word to the store.
        var abandoned: [AttemptID] = []
        /// Runs that were stopped while a step may have been leasing from them, and by whom.
        var stopped: [RunID: String] = [:]
        /// Set when nothing more may start; says why.
        var closed: (any Error)?
    }

    private let store: any RunStore
    private let order: LeaseOrder
    private let state = Mutex(State())
    /// Raised whenever a step would find something to do.
    let wake = WakeSignal()

    init(store: any RunStore, kinds: Set<ScriptKind>, configuration: EngineConfiguration) {
        self.store = store
        order = LeaseOrder(
            worker: configuration.worker, kinds: kinds, limit: configuration.maximumAttempts,
            duration: configuration.leaseDuration)
    }

    /// Commits what was reported, leases what there is room for.
    ///
    /// - Returns: the attempts to start now.
    func step(now: Date) throws -> [ActiveAttempt] {
        let (reports, request) = state.withLock { state in
            let reports = (begun: state.begun, ended: state.ended)
            (state.begun, state.ended) = ([], [])
            for attempt in reports.ended.map(\.lease.attempt) + state.abandoned {
                state.active.removeValue(forKey: attempt)
            }
            state.abandoned = []
            var order = order
            order.limit = state.closed == nil ? order.limit - state.active.count : 0
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
            for report in reports.begun { report.whenCommitted.resume(throwing: error) }
            throw error
        }
        let started = advanced.leased.map(ActiveAttempt.init)
        state.withLock { state in
            for attempt in started {
                state.active[attempt.id] = attempt
                if let person = state.stopped[attempt.id.run] { attempt.stop(.stopped(by: person)) }
                if state.closed != nil { attempt.stop(.shutdown) }
            }
            // Their stop is committed: the next step leases nothing of theirs.
            state.stopped = [:]
        }
        let stale = Set(advanced.stale)
        for report in reports.begun {
            let attempt = report.lease.attempt
            if stale.contains(attempt) {
                report.whenCommitted.resume(throwing: LeaseLost(attempt))
            } else {
                report.whenCommitted.resume()
            }
        }
        return started
    }

    /// Has the beginning of an attempt committed with the next step.
    func begin(_ lease: HeldLease) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let closed: (any Error)? = state.withLock { state in
                if let error = state.closed { return error }
                state.begun.append((lease, continuation))
                return nil
            }
            if let closed { continuation.resume(throwing: closed) } else { wake.raise() }
        }
    }

    /// Has the ending of an attempt committed with the next step; nil when the attempt is not ours any more.
    func end(_ attempt: ActiveAttempt, _ ending: AttemptEnding?) {
        state.withLock { state in
            if let ending {
                state.ended.append(.init(lease: attempt.leased.lease, ending: ending))
            } else {
                state.abandoned.append(attempt.id)
            }
        }
        wake.raise()
    }

    /// The attempts that are under way.
    var active: [ActiveAttempt] { state.withLock { Array($0.active.values) } }

    /// Ends the attempts of a run whose stop is committed, also those that are being leased at this moment.
    func stop(_ run: RunID, by person: String) {
        let active = state.withLock { state in
            state.stopped[run] = person
            return state.active.values.filter { $0.id.run == run }
        }
        for attempt in active { attempt.stop(.stopped(by: person)) }
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
        for report in waiting { report.whenCommitted.resume(throwing: reason) }
        for attempt in active { attempt.stop(.shutdown) }
        wake.raise()
    }

    /// The fault that closed the dispatcher; nil while it is open or after a shutdown in good order.
    var fault: (any Error)? {
        state.withLock { $0.closed is CancellationError ? nil : $0.closed }
    }

    /// Whether nothing may start and everything that ran is committed.
    var isDrained: Bool {
        state.withLock { $0.closed != nil && $0.active.isEmpty && $0.ended.isEmpty && $0.abandoned.isEmpty }
    }
}
