import Foundation
import SluiceCore
import SluiceStore

/// Looks at the store after every transaction and says which promise was broken. It knows the promises, not the rules by
/// which they are kept.
final class SimulationChecker {
    /// What somebody asked of the store.
    enum Operation {
        case submit, limits, pools, look
        case advance(AdvanceOrder)
        case renew([HeldLease])
        case move(HeldLease)
        case stop(RunID)
        case reopen(RunID)
    }

    /// What is told of a run by its events.
    private struct Told {
        var status = RunStatus.pending
        var tasks: [Int: (state: TaskState, attempt: Int)] = [:]
    }

    let witness: Witness
    var problems: [String] = []
    /// The runs as they stood at the last look.
    private(set) var states: [RunID: RunState] = [:]
    private(set) var openRuns: Set<RunID> = []
    private let store: MemoryStore
    private let clock: any WallClock
    private var lastEvent = RunEvent(sequence: 0, at: .distantPast, run: RunID(0), change: .stopRequested(by: ""))
    private var lastToken: Int64 = 0
    private var told: [RunID: Told] = [:]
    /// Attempts that hold a slot, by pool.
    private var holding: [String: Int] = [:]
    private var fairness = FairnessChecker()
    /// Told of every event.
    var trace: ((String) -> Void)?

    init(_ store: MemoryStore, clock: any WallClock, witness: Witness) {
        self.store = store
        self.clock = clock
        self.witness = witness
    }

    func require(_ holds: Bool, _ promise: @autoclosure () -> String) {
        if !holds { problems.append(promise()) }
    }

    /// Looks at what `operation` has led to.
    func observe(_ operation: Operation, advanced: Advanced?) {
        let before = holding
        if case .advance(let order) = operation, let advanced { checkStale(order, advanced) }
        var leased: [SimulatedLease] = []
        for run in touched(by: operation) {
            guard let after = store.run(run) else { continue }
            compare(states[run], after, operation, &leased)
            checkEvents(of: after)
            checkRun(after, wasEnded: states[run]?.run.status.isEnded ?? false, operation)
            states[run] = after
            if after.run.status.isEnded { openRuns.remove(run) } else { openRuns.insert(run) }
        }
        for (pool, count) in holding where count > before[pool] ?? 0 {
            let slots = store.pools().first { $0.name == pool }.map { $0.isSuspended ? 0 : $0.slots } ?? 0
            require(count <= slots, "pool \(pool) has \(slots) slots to give and \(count) attempts hold one")
        }
        leased.sort { $0.token < $1.token }
        for lease in leased {
            require(lease.token > lastToken, "token \(lease.token) of \(lease.task) follows \(lastToken)")
            lastToken = lease.token
        }
        problems += fairness.lease(leased, at: clock.now)
    }

    /// The runs that have events since the last look, and those that can change without one.
    private func touched(by operation: Operation) -> [RunID] {
        var runs: [RunID] = []
        for event in store.events(after: lastEvent.sequence, run: nil, limit: .max) {
            require(
                event.sequence == lastEvent.sequence + 1 && event.at >= lastEvent.at,
                "event \(event.sequence) of \(event.at) follows \(lastEvent.sequence) of \(lastEvent.at)")
            lastEvent = event
            trace?("    \(event.sequence) \(event.run) \(event.change)")
            switch event.change {
            case .run(let status, _): told[event.run, default: Told()].status = status
            case .task(let index, let state, let attempt, _):
                told[event.run, default: Told()].tasks[index] = (state, attempt)
            case .stopRequested: break
            }
            if !runs.contains(event.run) { runs.append(event.run) }
        }
        let silent: [RunID] =
            switch operation {
            case .advance(let order): order.begun.map(\.attempt.run)
            case .renew(let leases): leases.map(\.attempt.run)
            case .move(let lease): [lease.attempt.run]
            default: []
            }
        for run in silent where !runs.contains(run) { runs.append(run) }
        return runs
    }

    /// A report counts if its token is the task's, as the store stood before.
    private func checkStale(_ order: AdvanceOrder, _ advanced: Advanced) {
        for lease in order.begun + order.ended.map(\.lease) {
            let isHeld = task(lease.attempt.task).map { $0.isAttempting && $0.lease?.token == lease.token } ?? false
            // Two words about one attempt in one order: the second may be late already.
            let isRepeated = order.ended.count { $0.lease == lease } > 1
            guard !isRepeated else { continue }
            require(
                advanced.stale.contains(lease.attempt) != isHeld,
                "a report of \(lease.attempt) with token \(lease.token) \(isHeld ? "was refused" : "was taken, it is stale")"
            )
        }
    }

    /// Whoever is told that a person stopped it was stopped by one.
    func checkStop(of attempt: AttemptID) {
        guard let task = task(attempt.task), task.isAttempting, task.attempt == attempt.number else { return }
        require(task.stopping != nil, "\(attempt) was told to stop, and nobody had asked for it")
    }

    private func task(_ id: TaskRunID) -> TaskRun? {
        guard let state = states[id.run], let place = state.position(of: id) else { return nil }
        return state.tasks[place]
    }

    private func compare(
        _ before: RunState?, _ after: RunState, _ operation: Operation, _ leased: inout [SimulatedLease]
    ) {
        var isReopened = false
        if case .reopen(let run) = operation { isReopened = run == after.run.id }
        for (place, task) in after.tasks.enumerated() {
            let earlier = before.flatMap { place < $0.tasks.count ? $0.tasks[place] : nil }
            let isSame = earlier?.lease?.token == task.lease?.token && earlier?.attempt == task.attempt
            if let earlier, earlier.isAttempting {
                if !earlier.waitsForSlot { holding[earlier.pool, default: 0] -= 1 }
                checkAttempt(earlier, task, isSame: isSame, operation)
            }
            if task.isAttempting, !task.waitsForSlot { holding[task.pool, default: 0] += 1 }
            if task.isAttempting, !(isSame && earlier?.isAttempting == true) {
                require(
                    task.attempt == (earlier?.attempt ?? 0) + 1,
                    "\(task.id) goes from attempt \(earlier?.attempt ?? 0) to \(task.attempt)")
                checkTurn(of: place, in: after)
                leased.append(
                    SimulatedLease(
                        token: task.lease?.token ?? 0, task: task.id, pool: task.pool, run: after.run,
                        isFirst: task.attempt == 1))
            } else {
                require(
                    task.attempt == earlier?.attempt ?? 0,
                    "\(task.id) goes from attempt \(earlier?.attempt ?? 0) to \(task.attempt) without a lease")
            }
            if let earlier, earlier.state.isEnded, !isReopened {
                require(
                    task.state == earlier.state && isSame,
                    "\(task.id) had ended as \(earlier.state) and is \(task.state) again")
            }
            if isReopened, !task.state.isEnded { witness.reopen(task.id, after: task.attempt) }
            fairness.stand(task, of: after.run, before: earlier)
        }
    }

    /// What became of an attempt that was under way: its own worker alone may have changed it.
    private func checkAttempt(_ before: TaskRun, _ after: TaskRun, isSame: Bool, _ operation: Operation) {
        guard let attempt = before.attemptID, let lease = before.lease else { return }
        let held = HeldLease(attempt: attempt, token: lease.token)
        if isSame, after.isAttempting {
            if after.lease?.begun != lease.begun {
                require(operation.begins(held), "\(attempt) has begun without its worker")
            }
            if after.pool != before.pool || after.waitsForSlot != before.waitsForSlot {
                require(operation.moves(held), "\(attempt) has moved without its worker")
            }
            if after.lease?.expires != lease.expires {
                require(operation.renews(held), "the lease of \(attempt) was renewed by nobody")
            }
            return
        }
        require(operation.ends(held), "\(attempt) was ended by nobody who held it")
        if after.state == .succeeded {
            require(witness.hasSucceeded(attempt), "\(attempt) is recorded as a success that nobody has seen")
        }
        if after.state == .failed { checkRetry(of: attempt, before) }
    }

    /// A failure that is to be tried again, and that nothing forbids to, is.
    private func checkRetry(of attempt: AttemptID, _ task: TaskRun) {
        guard let state = store.run(attempt.run), let policy = state.definition(of: task.id)?.retries,
            case .outcome(.failed(let failure)) = witness.endings[attempt], policy.retries(failure.code),
            !state.run.isStopping, task.stopping == nil, task.pinned.limits?.total == nil,
            state.tasks.count(where: { $0.state.isFailure }) == 1 || state.run.definition.onFailure == .continue
        else { return }
        let failures = task.history.count { $0.state == .failed || $0.state == .timedOut }
        require(
            failures >= policy.count, "\(attempt) failed, had \(policy.count - failures) tries left, and is given up")
    }

    private func checkEvents(of state: RunState) {
        guard let told = told[state.run.id] else { return problems.append("run \(state.run.id) has no events") }
        require(
            told.status == state.run.status,
            "run \(state.run.id) is \(state.run.status), its events say \(told.status)")
        for (place, task) in state.tasks.enumerated() {
            let (state, attempt) = told.tasks[place] ?? (.pending, 0)
            require(
                state == task.state && attempt == task.attempt,
                "\(task.id) is \(task.state) at attempt \(task.attempt), its events say \(state) at \(attempt)")
        }
    }
}

extension SimulationChecker.Operation {
    fileprivate func begins(_ lease: HeldLease) -> Bool {
        if case .advance(let order) = self { order.begun.contains(lease) } else { false }
    }

    fileprivate func ends(_ lease: HeldLease) -> Bool {
        if case .advance(let order) = self { order.ended.contains { $0.lease == lease } } else { false }
    }

    fileprivate func renews(_ lease: HeldLease) -> Bool {
        if case .renew(let leases) = self { leases.contains(lease) } else { false }
    }

    fileprivate func moves(_ lease: HeldLease) -> Bool {
        if case .move(let moved) = self { moved == lease } else { false }
    }
}

extension RunState {
    /// The definition of the task, or of the for-each that an element belongs to.
    func definition(of task: TaskRunID) -> TaskDefinition? { run.definition.task(at: task.index) }
}
