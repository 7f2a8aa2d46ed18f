import Foundation
import SluiceCore

/// The run tables of a memory store, changed in place.
struct MemoryRuns: RunTable {
    /// What a transaction has to put back when it fails.
    private struct Undo {
        var events: Int
        var lastRun: Int64
        var lastToken: Int64
        /// Touched runs as they stood before; nil for one that was not there.
        var states: [RunID: RunState?] = [:]
        var keys: [String] = []
        var queues: [String: MemoryQueue]
    }

    var now = Date(timeIntervalSinceReferenceDate: 0)
    var pools = [PoolRules.initial]
    private(set) var states: [RunID: RunState] = [:]
    private(set) var events: [RunEvent] = []
    private var keys: [String: RunID] = [:]
    private var lastRun: Int64 = 0
    private var lastToken: Int64 = 0
    /// Tasks that wait to be leased, by pool, in leasing order.
    private var readyTasks: [String: [ReadyTask]] = [:]
    /// Running attempts that hold a slot, and that wait for one, by pool.
    private var holding: [String: Int] = [:]
    private var waiting: [String: Int] = [:]
    private var queues: [String: MemoryQueue] = [:]
    /// When runs have to be looked at although nothing happens to them.
    private var dueAt: [RunID: Date] = [:]
    /// Their own way back lies in them.
    var schedules = MemorySchedules()
    private var undo: Undo?

    /// One transaction: what `body` did is undone when it throws.
    ///
    /// - Returns: what `body` answered, and whether it wrote anything.
    mutating func transaction<Result>(
        at now: Date, _ body: (inout MemoryRuns) throws -> Result
    ) throws -> (Result, hasWritten: Bool) {
        self.now = now
        undo = Undo(events: events.count, lastRun: lastRun, lastToken: lastToken, queues: queues)
        schedules.begin()
        defer { undo = nil }
        do {
            let result = try body(&self)
            return (result, undo?.states.isEmpty == false || schedules.hasWritten)
        } catch {
            rollBack()
            throw error
        }
    }

    func state(of run: RunID) -> RunState? { states[run] }

    func run(submittedUnder key: String) -> RunID? { keys[key] }

    func openRuns(of job: JobID) -> [OpenRun] {
        states.values.filter { $0.run.job?.job == job && !$0.run.status.isEnded }
            .map { OpenRun(id: $0.run.id, isHeld: $0.run.isHeld) }.sorted { $0.id < $1.id }
    }

    func dueRuns() -> [RunID] {
        dueAt.filter { $0.value <= now }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    /// When the first run has to be looked at.
    var nextDue: Date? { dueAt.values.min() }

    mutating func nextRun() -> RunID {
        lastRun += 1
        return RunID(lastRun)
    }

    mutating func nextToken() -> Int64 {
        lastToken += 1
        return lastToken
    }

    mutating func insert(_ state: RunState, key: String?) {
        undo?.states[state.run.id] = .some(nil)
        states[state.run.id] = state
        if let key {
            undo?.keys.append(key)
            keys[key] = state.run.id
        }
        for (position, task) in state.tasks.enumerated() { count(task, at: position, 1) }
        dueAt[state.run.id] = state.nextDue(after: now)
    }

    mutating func update(_ state: RunState, tasks: [Int]) {
        let run = state.run.id
        if undo?.states[run] == nil { undo?.states[run] = .some(states[run]) }
        for position in tasks {
            if let earlier = states[run]?.tasks, position < earlier.count { count(earlier[position], at: position, -1) }
            count(state.tasks[position], at: position, 1)
        }
        states[run] = state
        dueAt[run] = state.nextDue(after: now)
    }

    /// Removes runs that have ended; their events stay in their places, and are not shown any more.
    mutating func remove(_ runs: [RunID]) -> [RunID] {
        let removed = runs.filter { states[$0]?.run.status.isEnded == true }
        for run in removed { states[run] = nil }
        keys = keys.filter { states[$0.value] != nil }
        return removed
    }

    mutating func rewrite(_ state: RunState) { update(state, tasks: Array(state.tasks.indices)) }

    mutating func append(_ changes: [RunChange], of run: RunID) {
        for change in changes {
            // From 1 without a gap, so that a number is also a place.
            events.append(RunEvent(sequence: Int64(events.count + 1), at: now, run: run, change: change))
        }
    }

    func occupancy() -> [PoolOccupancy] {
        pools.map {
            PoolOccupancy(
                name: $0.name, slots: $0.slots, isSuspended: $0.isSuspended, holding: holding[$0.name] ?? 0,
                waiting: waiting[$0.name] ?? 0)
        }
    }

    /// How much every pool is in use, by name.
    var poolUse: [PoolUse] {
        occupancy().map {
            PoolUse(pool: $0.name, holding: $0.holding, waiting: $0.waiting + (readyTasks[$0.name]?.count ?? 0))
        }
    }

    func ready(in pool: String, kinds: Set<ScriptKind>, attachedTo worker: String?, limit: Int) -> [ReadyTask] {
        var found: [ReadyTask] = []
        for entry in readyTasks[pool] ?? [] {
            guard found.count < limit else { break }
            guard let state = states[entry.run], worker == nil || state.run.attachedTo == worker else { continue }
            let task = state.tasks[entry.position]
            if kinds.contains(task.pinned.script.kind), task.readyAt.map({ $0 <= now }) ?? false { found.append(entry) }
        }
        return found
    }

    /// How many tasks stand before one in its pool's queue.
    func countBefore(_ task: ReadyTask, in pool: String) -> Int {
        (readyTasks[pool] ?? []).firstPlace(notBefore: task)
    }

    func queuePosition(of pool: String) -> Double { queues[pool]?.position ?? 0 }

    mutating func setQueuePosition(of pool: String, _ rank: Double) {
        // A flow whose next rank has been passed is as good as new.
        let flows = queues[pool]?.flows.filter { $0.value > rank } ?? [:]
        queues[pool] = MemoryQueue(position: rank, flows: flows)
    }

    func nextRank(of flow: String, in pool: String) -> Double? { queues[pool]?.flows[flow] }

    mutating func setNextRank(of flow: String, in pool: String, _ rank: Double) {
        queues[pool, default: MemoryQueue()].flows[flow] = rank
    }

    private mutating func rollBack() {
        guard let undo else { return }
        for (run, earlier) in undo.states {
            for (position, task) in (states[run]?.tasks ?? []).enumerated() { count(task, at: position, -1) }
            for (position, task) in (earlier?.tasks ?? []).enumerated() { count(task, at: position, 1) }
            states[run] = earlier
            dueAt[run] = earlier?.nextDue(after: now)
        }
        queues = undo.queues
        schedules.rollBack()
        for key in undo.keys { keys[key] = nil }
        events.removeSubrange(undo.events...)
        lastRun = undo.lastRun
        lastToken = undo.lastToken
    }

    /// Counts a task in, or out when `amount` is negative.
    private mutating func count(_ task: TaskRun, at position: Int, _ amount: Int) {
        switch task.state {
        case .running where task.lease == nil: return
        case .running where task.waitsForSlot: waiting[task.pool, default: 0] += amount
        case .running: holding[task.pool, default: 0] += amount
        case .pending:
            guard task.readyAt != nil else { return }
            let entry = ReadyTask(rank: task.rank ?? 0, run: task.id.run, position: position)
            let place = readyTasks[task.pool, default: []].firstPlace(notBefore: entry)
            if amount > 0 {
                readyTasks[task.pool, default: []].insert(entry, at: place)
            } else {
                readyTasks[task.pool]?.remove(at: place)
            }
        default: return
        }
    }
}

/// A pool's queue: how far it has come, and where the next task of each job stands.
private struct MemoryQueue {
    var position: Double = 0
    var flows: [String: Double] = [:]
}

extension Array where Element: Comparable {
    /// The first place whose element is not before `element`, in a sorted array.
    func firstPlace(notBefore element: Element) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
