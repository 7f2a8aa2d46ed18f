import Foundation
import SluiceCore

/// A lease, as far as fairness is concerned.
struct SimulatedLease {
    var token: Int64
    var task: TaskRunID
    var pool: String
    var run: Run
    /// Whether it is the task's first: one that is tried again has a turn of its own.
    var isFirst: Bool
}

/// Holds the order of leases against the bound that the queues promise: while a job of weight w waits for its next turn in
/// a pool, another of weight v has at most v/w + 1 turns there.
struct FairnessChecker {
    private struct Place: Hashable {
        var pool: String
        var job: String
    }

    private struct Line {
        /// Tasks that wait, with the instant from which they may run.
        var waiting: [TaskRunID: Date] = [:]
        /// The turns that others have had since its own last one, or since it waits.
        var turns: [String: Int] = [:]
        var weight = 1.0
        /// Whether a task left without its turn: it has used up a share all the same, and the bound does not hold any more.
        var hasGap = false
    }

    private var lines: [Place: Line] = [:]

    private static func job(_ run: Run) -> String { run.job.map { "\($0.job)" } ?? run.definition.name }

    /// Notes whether a task waits for a slot.
    mutating func stand(_ task: TaskRun, of run: Run, before: TaskRun?) {
        let isWaiting = task.state == .pending && task.readyAt != nil
        let wasWaiting = before.map { $0.state == .pending && $0.readyAt != nil } ?? false
        guard isWaiting || wasWaiting else { return }
        let place = Place(pool: task.pinned.target.pool, job: Self.job(run))
        if isWaiting {
            lines[place, default: Line()].waiting[task.id] = task.readyAt
            lines[place]?.weight = exp2(Double(run.definition.priority))
        } else {
            lines[place]?.waiting[task.id] = nil
            if !task.isAttempting { lines[place]?.hasGap = true }
        }
    }

    /// Counts `leases`, in their order.
    ///
    /// - Returns: what breaks the bound.
    mutating func lease(_ leases: [SimulatedLease], at now: Date) -> [String] {
        var problems: [String] = []
        for lease in leases {
            let job = Self.job(lease.run)
            let own = exp2(Double(lease.run.definition.priority))
            lines[Place(pool: lease.pool, job: job)]?.turns = [:]
            guard lease.isFirst else { continue }
            for (place, line) in lines where place.pool == lease.pool && place.job != job {
                guard !line.hasGap, line.waiting.values.contains(where: { $0 <= now }) else { continue }
                let turns = (line.turns[job] ?? 0) + 1
                lines[place]?.turns[job] = turns
                if Double(turns) > own / line.weight + 1 {
                    problems.append("\(job) has turn \(turns) in pool \(lease.pool) while \(place.job) waits")
                }
            }
        }
        for (place, line) in lines where !line.waiting.values.contains(where: { $0 <= now }) {
            lines[place]?.turns = [:]
        }
        return problems.sorted()
    }
}
