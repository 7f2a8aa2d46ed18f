import Foundation
import SluiceCore

extension RunTable {
    mutating func submit(_ new: NewRun) throws -> Submitted {
        if let key = new.idempotencyKey, let known = try run(submittedUnder: key), let state = try state(of: known) {
            return Submitted(state: state, isNew: false)
        }
        let isHeld = try mustWait(new.definition, of: new.job?.job)
        let transition = new.started(as: try nextRun(), at: now, isHeld: isHeld)
        var state = transition.state
        try assignRanks(&state, at: state.tasks.indices)
        try insert(state, key: new.idempotencyKey)
        try append(transition.changes, of: state.run.id)
        return Submitted(state: state, isNew: true)
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
            let input = RunMachine.Input.ended(index: position, ending: ended.ending, chance: ended.chance)
            touched.record(try RunMachine.apply(input, to: state, at: now))
        }
        // Written before leasing, which looks at the tables for free slots and ready tasks.
        try finish(&touched)
        if let order = order.lease { result.leased = try lease(order) }
        return result
    }

    private mutating func lease(_ order: LeaseOrder) throws -> [LeasedTask] {
        guard order.limit > 0, !order.kinds.isEmpty else { return [] }
        var touched = TouchedRuns()
        var leased: [(pool: String, task: ReadyTask)] = []
        var tokens: [Int64] = []
        for candidate in try candidates(for: order).prefix(order.limit) {
            let task = candidate.task
            guard let state = try touched.state(of: task.run, from: &self), state.mayLease(task.position) else {
                continue
            }
            let lease = Lease(worker: order.worker, token: try nextToken(), expires: now + order.duration.seconds)
            touched.record(try RunMachine.apply(.leased(index: task.position, lease: lease), to: state, at: now))
            leased.append(candidate)
            tokens.append(lease.token)
        }
        try passQueues(leased)
        try touched.save(to: &self)
        return zip(leased, tokens).compactMap { candidate, token in
            let (run, position) = (candidate.task.run, candidate.task.position)
            guard let state = touched.entries[run]?.state, let attempt = state.tasks[position].attemptID
            else { return nil }
            return LeasedTask(
                run: state.run, task: state.tasks[position], inputs: state.inputs(forTaskAt: position),
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
        try apply(.stop(by: person), to: run)
    }

    mutating func stopTask(_ task: TaskRunID, by person: String) throws -> RunState? {
        guard let state = try state(of: task.run), let position = state.position(of: task) else { return nil }
        return try apply(.stopTask(index: position, by: person), to: task.run)
    }

    mutating func reopen(_ run: RunID, _ how: RunMachine.Reopening) throws -> RunState? {
        guard let state = try state(of: run) else { return nil }
        var how = how
        how.isHeld = try mustWait(state.run.definition, of: state.run.job?.job)
        let transition = try RunMachine.apply(.reopened(how), to: state, at: now)
        var reopened = transition.state
        try assignRanks(&reopened, at: reopened.tasks.indices)
        // What was pinned is written here alone: nothing else changes it.
        try rewrite(reopened)
        try append(transition.changes, of: run)
        return reopened
    }

    mutating func enforceLimits() throws -> [AttemptID] {
        var touched = TouchedRuns()
        var stopping: [AttemptID] = []
        for run in try dueRuns() {
            guard let before = try touched.state(of: run, from: &self) else { continue }
            let transition = try RunMachine.apply(.timePassed, to: before, at: now)
            touched.record(transition)
            // Written even when nothing has changed: what was due is not due any more.
            touched.recordVisit(of: run)
            for index in transition.changedTasks where index < before.tasks.count {
                let task = transition.state.tasks[index]
                if task.isAttempting, task.stopping != nil, before.tasks[index].stopping == nil,
                    let attempt = task.attemptID
                {
                    stopping.append(attempt)
                }
            }
        }
        try finish(&touched)
        return stopping
    }

    private mutating func apply(_ input: RunMachine.Input, to run: RunID) throws -> RunState? {
        var touched = TouchedRuns()
        guard let state = try touched.state(of: run, from: &self) else { return nil }
        touched.record(try RunMachine.apply(input, to: state, at: now))
        try finish(&touched)
        return touched.entries[run]?.state
    }

    /// Writes what a transaction has moved, tells schedules of the runs which ended by it, and lets runs start that waited
    /// for those.
    private mutating func finish(_ touched: inout TouchedRuns) throws {
        try touched.save(to: &self)
        for id in touched.order {
            if let entry = touched.entries[id], entry.hasEnded { try noteEnd(of: entry.state.run) }
        }
        let jobs = touched.order.compactMap { id -> JobID? in
            guard let run = touched.entries[id]?.state.run, run.status.isEnded, run.definition.maxConcurrentRuns != nil
            else { return nil }
            return run.job?.job
        }
        var admitted: Set<JobID> = []
        for job in jobs where admitted.insert(job).inserted { try admitRuns(of: job) }
    }

    private mutating func admitRuns(of job: JobID) throws {
        let open = try openRuns(of: job)
        var active = open.count { !$0.isHeld }
        var admitted = TouchedRuns()
        for run in open where run.isHeld {
            guard let state = try admitted.state(of: run.id, from: &self),
                active < state.run.definition.maxConcurrentRuns ?? .max
            else { break }
            let transition = try RunMachine.apply(.admitted, to: state, at: now)
            admitted.record(transition)
            // One that is over at once, as all its tasks were terminated while it waited, leaves its place to the next.
            if !transition.state.run.status.isEnded { active += 1 }
        }
        try admitted.save(to: &self)
    }

    /// Whether a new run of the job has to wait for others to end.
    private mutating func mustWait(_ definition: JobDefinition, of job: JobID?) throws -> Bool {
        guard let limit = definition.maxConcurrentRuns, let job else { return false }
        let open = try openRuns(of: job)
        return open.contains(where: \.isHeld) || open.count >= limit
    }

    /// The run of `lease` and its task's place there, if the lease is still its holder's.
    private mutating func held(
        _ lease: HeldLease, in touched: inout TouchedRuns
    ) throws -> (state: RunState, position: Int)? {
        guard let state = try touched.state(of: lease.attempt.run, from: &self),
            let position = state.position(of: lease.attempt.task)
        else { return nil }
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
