import Foundation
import SluiceCore

/// How the slots of a pool are shared: weighted fair queueing between jobs (Goyal, Vin and Cheng, *Start-time Fair
/// Queueing*, 1996).
///
/// Each task that becomes ready gets a rank, and the lowest rank is leased first. A job's ranks are 1/w apart, where w is
/// twice as large for each step of its priority, and never lie before the rank that the queue has come to: so a job that
/// sends a thousand tasks only lines them up behind each other, and the next task of any other job stands near the front.
/// Before a job's first waiting task with weight w, another job with weight v can have at most v/w + 1 of its own: nobody
/// starves, however many others come.
extension RunTable {
    /// Gives the tasks at `places` that are ready and have no rank theirs.
    mutating func assignRanks(_ state: inout RunState, at places: some Sequence<Int>) throws {
        let flow = state.run.job.map { "\($0.job)" } ?? "=\(state.run.definition.name)"
        let step = exp2(-Double(state.run.definition.priority))
        for place in places {
            let task = state.tasks[place]
            guard task.state == .pending, task.readyAt != nil, task.rank == nil else { continue }
            let rank = max(try queuePosition(of: task.pool), try nextRank(of: flow, in: task.pool) ?? 0)
            try setNextRank(of: flow, in: task.pool, rank + step)
            state.tasks[place].rank = rank
        }
    }

    /// The tasks to lease now, in order: of every pool as many as it has slots, taken from the pools in turn.
    mutating func candidates(for order: LeaseOrder) throws -> [(pool: String, task: ReadyTask)] {
        var queues: [[(pool: String, task: ReadyTask)]] = []
        for pool in try occupancy() where pool.slotsForNewAttempts > 0 {
            let tasks = try ready(
                in: pool.name, kinds: order.kinds, attachedTo: order.attachedOnly ? order.worker : nil,
                limit: min(order.limit, pool.slotsForNewAttempts))
            if !tasks.isEmpty { queues.append(tasks.map { (pool.name, $0) }) }
        }
        if queues.count == 1 { return queues[0] }
        var turns: [(pool: String, task: ReadyTask)] = []
        for turn in 0..<(queues.map(\.count).max() ?? 0) {
            for queue in queues where turn < queue.count { turns.append(queue[turn]) }
        }
        return turns
    }

    /// Notes how far the queues have come by the leases of `tasks`.
    mutating func passQueues(_ tasks: [(pool: String, task: ReadyTask)]) throws {
        for (pool, ranks) in Dictionary(grouping: tasks, by: \.pool) {
            let reached = ranks.map(\.task.rank).max() ?? 0
            if reached > (try queuePosition(of: pool)) { try setQueuePosition(of: pool, reached) }
        }
    }
}
