import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting

/// A memory store between which and its users things go wrong: transactions fail before or after their commit, take their
/// time, or are answered when something else has happened already.
///
/// `@unchecked` because nothing of a simulation is ever seen by a second thread.
final class FaultyStore: RunStore, @unchecked Sendable {
    /// What a store can be made to do wrong, to see that it is found.
    enum Break: CaseIterable {
        /// A report with a stale token is written as if it were the present one.
        case staleWrites
        /// An attempt is given to a second worker.
        case doubleLeases
        /// A failure that is to be tried again is not.
        case lostRetries
    }

    /// Who hears of everything that is asked, and of what it led to.
    let checker: SimulationChecker
    /// In a hundred transactions.
    var faults = 0
    /// Called now and then between a commit and its answer.
    var meanwhile: (() -> Void)?
    private let inner: MemoryStore
    private let clock: ManualClock
    private let chances: Chances
    private let breakage: Break?
    private var given: [LeasedTask] = []

    struct Fault: SluiceError {
        var code: String { "store.simulated" }
        var message: String { "the store is on fire" }
        var category: ErrorCategory { .fault }
    }

    init(_ inner: MemoryStore, checker: SimulationChecker, clock: ManualClock, chances: Chances, breakage: Break?) {
        self.inner = inner
        self.checker = checker
        self.clock = clock
        self.chances = chances
        self.breakage = breakage
    }

    /// One transaction with everything that can happen to it.
    private func transaction<Result>(
        _ operation: SimulationChecker.Operation, _ body: () throws -> Result,
        advanced: (Result) -> Advanced? = { _ in nil }
    ) throws -> Result {
        let fate = faults > 0 ? chances.below(100) : 100
        if fate < faults { throw Fault() }
        if fate < 2 * faults { clock.advance(by: .milliseconds(chances.below(20_000))) }
        let result = try body()
        checker.observe(operation, advanced: advanced(result))
        if fate >= 2 * faults, fate < 3 * faults { throw Fault() }
        if fate < 2 * faults { clock.advance(by: .milliseconds(chances.below(20_000))) }
        if fate >= 3 * faults, fate < 4 * faults, let other = meanwhile {
            meanwhile = nil
            other()
            meanwhile = other
        }
        return result
    }

    func submit(_ run: NewRun) throws -> Submitted { try transaction(.submit) { try inner.submit(run) } }

    func advance(_ order: AdvanceOrder) throws -> Advanced {
        try transaction(.advance(order), { try broken(order) }, advanced: { $0 })
    }

    /// What the store makes of an order when it is broken on purpose.
    private func broken(_ order: AdvanceOrder) throws -> Advanced {
        var order = order
        switch breakage {
        case .staleWrites:
            order.ended = order.ended.map { ended in
                var ended = ended
                ended.lease = present(ended.lease)
                return ended
            }
        case .lostRetries:
            order.ended = order.ended.map { ended in
                guard case .outcome(.failed(var failure)) = ended.ending else { return ended }
                failure.code = SimulatedJobs.finalFailure
                return .init(lease: ended.lease, ending: .outcome(.failed(failure)), chance: ended.chance)
            }
        case .doubleLeases, nil: break
        }
        var advanced = try inner.advance(order)
        if breakage == .doubleLeases {
            given += advanced.leased
            if order.lease != nil, given.count > 3, chances.happens(20) { advanced.leased.append(given.removeFirst()) }
        }
        return advanced
    }

    /// The lease of whoever has the task of `lease` now.
    private func present(_ lease: HeldLease) -> HeldLease {
        guard let state = inner.run(lease.attempt.run), let place = state.position(of: lease.attempt.task),
            let attempt = state.tasks[place].attemptID, let token = state.tasks[place].lease?.token
        else { return lease }
        return HeldLease(attempt: attempt, token: token)
    }

    func renew(_ leases: [HeldLease], for duration: Duration) throws -> [AttemptID] {
        // A dispatcher keeps its attempts in no order.
        let leases = leases.sorted { $0.token < $1.token }
        return try transaction(.renew(leases)) { try inner.renew(leases, for: duration) }
    }

    func move(_ lease: HeldLease, to pool: String) throws -> Bool {
        try transaction(.move(lease)) { try inner.move(lease, to: pool) }
    }

    func stop(_ run: RunID, by person: String) throws -> RunState? {
        try transaction(.stop(run)) { try inner.stop(run, by: person) }
    }

    func stopTask(_ task: TaskRunID, by person: String) throws -> RunState? {
        try transaction(.stop(task.run)) { try inner.stopTask(task, by: person) }
    }

    func reopen(_ run: RunID, _ how: RunMachine.Reopening) throws -> RunState? {
        try transaction(.reopen(run)) { try inner.reopen(run, how) }
    }

    func enforceLimits() throws -> [AttemptID] { try transaction(.limits) { try inner.enforceLimits() } }

    func save(_ pool: Pool) throws { try transaction(.pools) { try inner.save(pool) } }

    func deletePool(_ name: String) throws { try transaction(.pools) { try inner.deletePool(name) } }

    func expiredLeases(isDead: (_ worker: String) -> Bool) throws -> [HeldLease] {
        try transaction(.look) { inner.expiredLeases(isDead: isDead) }
    }

    func nextDue() -> Date? { inner.nextDue() }
    func placesInLine(of run: RunID) -> [Int: Int] { inner.placesInLine(of: run) }
    func run(_ id: RunID) -> RunState? { inner.run(id) }
    func runs(_ query: RunQuery) -> [Run] { inner.runs(query) }
    func events(after sequence: Int64, run: RunID?, limit: Int) -> [RunEvent] {
        inner.events(after: sequence, run: run, limit: limit)
    }
    func signals() -> AsyncStream<Void> { inner.signals() }
    func pools() -> [Pool] { inner.pools() }

    func poolUse() -> [PoolUse] { inner.poolUse() }
}
