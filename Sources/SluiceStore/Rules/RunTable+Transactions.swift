import Foundation
import SluiceCore

extension RunTable {
    mutating func submit(_ new: NewRun) throws -> Submitted {
        if let key = new.idempotencyKey, let known = try run(submittedUnder: key), let state = try state(of: known) {
            return Submitted(state: state, isNew: false)
        }
        let transition = new.started(as: try nextRun(), at: now)
        try insert(transition.state, key: new.idempotencyKey)
        try append(transition.changes, of: transition.state.run.id)
        return Submitted(state: transition.state, isNew: true)
    }

    mutating func advance(_ order: AdvanceOrder) throws -> Advanced {
        var result = Advanced()
        var touched = TouchedRuns()
        for lease in order.begun {
            guard let (state, position) = try held(lease, in: &touched) else {
                result.stale.append(lease.attempt)
                continue
            }
            touched.record(try RunMachine.apply(.begun(index: position), to: state, at: now))
        }
        for ended in order.ended {
            guard let (state, position) = try held(ended.lease, in: &touched) else {
                result.stale.append(ended.lease.attempt)
                continue
            }
            touched.record(try RunMachine.apply(.ended(index: position, ending: ended.ending), to: state, at: now))
        }
        // Written before leasing, which looks at the tables for free slots and ready tasks.
        try touched.save(to: &self)
        if let order = order.lease { result.leased = try lease(order) }
        return result
    }

    private mutating func lease(_ order: LeaseOrder) throws -> [LeasedTask] {
        guard order.limit > 0, !order.kinds.isEmpty else { return [] }
        var candidates: [ReadyTask] = []
        for pool in try occupancy() where pool.slotsForNewAttempts > 0 {
            candidates += try ready(
                in: pool.name, kinds: order.kinds, limit: min(order.limit, pool.slotsForNewAttempts))
        }
        candidates.sort()

        var touched = TouchedRuns()
        var leased: [(ReadyTask, Int64)] = []
        for task in candidates.prefix(order.limit) {
            guard let state = try touched.state(of: task.run, from: &self), state.run.stoppedBy == nil else { continue }
            let lease = Lease(worker: order.worker, token: try nextToken(), expires: now + order.duration.seconds)
            touched.record(try RunMachine.apply(.leased(index: task.position, lease: lease), to: state, at: now))
            leased.append((task, lease.token))
        }
        try touched.save(to: &self)
        return leased.compactMap { ready, token in
            guard let state = touched.entries[ready.run]?.state, let attempt = state.tasks[ready.position].attemptID
            else { return nil }
            return LeasedTask(
                run: state.run, task: state.tasks[ready.position], inputs: state.inputs(forTaskAt: ready.position),
                lease: HeldLease(attempt: attempt, token: token))
        }
    }

    mutating func renew(_ leases: [HeldLease], for duration: Duration) throws -> [AttemptID] {
        var lost: [AttemptID] = []
        var touched = TouchedRuns()
        for lease in leases {
            guard case (var state, let position)? = try held(lease, in: &touched) else {
                lost.append(lease.attempt)
                continue
            }
            // No transition of the run: only the claim lives longer.
            state.tasks[position].lease?.expires = now + duration.seconds
            touched.record(state, task: position)
        }
        try touched.save(to: &self)
        return lost
    }

    mutating func move(_ lease: HeldLease, to pool: String) throws -> Bool {
        var touched = TouchedRuns()
        guard let (state, position) = try held(lease, in: &touched) else { throw LeaseLost(lease.attempt) }
        let task = state.tasks[position]
        if task.pool == pool && !task.waitsForSlot { return true }
        let pools = try occupancy()
        guard let target = pools.first(where: { $0.name == pool }) else {
            throw StoreError.unknownPool(pool, known: pools.map(\.name))
        }
        let granted = target.hasFreeSlot
        touched.record(
            try RunMachine.apply(.movedPool(index: position, pool: pool, granted: granted), to: state, at: now))
        try touched.save(to: &self)
        return granted
    }

    mutating func stop(_ run: RunID, by person: String) throws -> RunState? {
        var touched = TouchedRuns()
        guard let state = try touched.state(of: run, from: &self) else { return nil }
        let transition = try RunMachine.apply(.stop(by: person), to: state, at: now)
        touched.record(transition)
        try touched.save(to: &self)
        return transition.state
    }

    /// The run of `lease` and its task's place there, if the lease is still its holder's.
    private mutating func held(
        _ lease: HeldLease, in touched: inout TouchedRuns
    ) throws -> (state: RunState, position: Int)? {
        guard let state = try touched.state(of: lease.attempt.run, from: &self) else { return nil }
        let id = lease.attempt.task
        let guess = id.index
        let position =
            state.tasks.indices.contains(guess) && state.tasks[guess].id == id
            ? guess : state.tasks.firstIndex { $0.id == id }
        guard let position else { return nil }
        let task = state.tasks[position]
        let isHeld =
            task.state == .running && task.attempt == lease.attempt.number && task.lease?.token == lease.token
        return isHeld ? (state, position) : nil
    }
}

extension Duration {
    /// In seconds.
    var seconds: TimeInterval {
        let (seconds, attoseconds) = components
        return TimeInterval(seconds) + TimeInterval(attoseconds) * 1e-18
    }
}
