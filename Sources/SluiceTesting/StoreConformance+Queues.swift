import Foundation
import SluiceCore

extension StoreConformance {
    static let queueCases: [Case] = [
        Case("a job that sends a thousand tasks holds no other job up") { bench in
            try bench.first.save(Pool(name: "default", slots: 1))
            let many = (0..<50).map { "t\($0)" }
            _ = try bench.first.submit(bench.newRun(many, upstream: many.map { _ in [] }, job: "many", jobID: 1))
            bench.clock.advance(by: .seconds(60))
            let late = try bench.second.submit(bench.newRun(["a", "b"], job: "few", jobID: 2)).state.run.id
            var turns: [RunID] = []
            for _ in 0..<8 {
                let task = try bench.leaseOne(bench.first)
                turns.append(task.run.id)
                _ = try bench.second.advance(bench.ending(task, StoreBench.success))
            }
            // Its first task stands beside the first of the other job, its second beside the next.
            let places = turns.indices.filter { turns[$0] == late }
            try require(places.count, is: 2, "turns of the job that came later, of \(turns)")
            try require((places.first ?? 9) <= 1, "its first turn comes at once: \(places)")
        },
        Case("a higher priority has a larger share, and the lowest still has its own") { bench in
            try bench.first.save(Pool(name: "default", slots: 1))
            let names = (0..<40).map { "t\($0)" }
            for (job, priority) in [(Int64(1), 2), (2, 0)] {
                let run = bench.newRun(names, upstream: names.map { _ in [] }, job: "job \(job)", jobID: job) {
                    $0.priority = priority
                }
                _ = try bench.first.submit(run)
            }
            var shares: [Int: Int] = [:]
            for _ in 0..<40 {
                let task = try bench.leaseOne(bench.second)
                shares[task.run.definition.priority, default: 0] += 1
                _ = try bench.first.advance(bench.ending(task, StoreBench.success))
            }
            try require(abs((shares[2] ?? 0) - 32) <= 1, "four turns of five for two steps of priority more: \(shares)")
            try require((shares[0] ?? 0) >= 7, "one turn of five for the other: \(shares)")
        },
        Case("nobody waits longer than the shares of the others allow, whoever comes meanwhile") { bench in
            try bench.first.save(Pool(name: "default", slots: 1))
            let names = (0..<30).map { "t\($0)" }
            for job in 1...5 {
                _ = try bench.first.submit(
                    bench.newRun(names, upstream: names.map { _ in [] }, job: "job \(job)", jobID: Int64(job)))
            }
            let subject = try bench.first.submit(bench.newRun(["a"], job: "subject", jobID: 99)).state.run.id
            var waited = 0
            while true {
                let task = try bench.leaseOne(bench.first)
                if task.run.id == subject { break }
                waited += 1
                _ = try bench.first.advance(bench.ending(task, StoreBench.success))
                // New jobs keep coming; they queue behind.
                _ = try bench.second.submit(
                    bench.newRun(["x"], job: "new \(waited)", jobID: Int64(1_000 + waited)))
            }
            try require(waited <= 10, "of five jobs of equal weight at most two tasks each go first, not \(waited)")
        },
        Case("a task that waits knows its place in line") { bench in
            try bench.first.save(Pool(name: "default", slots: 1))
            let first = try bench.first.submit(bench.newRun(["a", "b"], upstream: [[], []], jobID: 1)).state.run.id
            let second = try bench.second.submit(bench.newRun(["c", "d"], jobID: 2)).state.run.id
            _ = try bench.leaseOne(bench.first)
            let places = [try bench.second.placesInLine(of: first), try bench.first.placesInLine(of: second)]
            try require(places.flatMap(\.values).sorted(), is: [1, 2], "the places of the two that wait")
            try require(places[0].keys.sorted(), is: [1], "which of the first run waits")
            try require(places[1].keys.sorted(), is: [0], "which of the second run waits")
        },
        Case("a suspended pool starts nothing and keeps its queue") { bench in
            try bench.first.save(Pool(name: "default", slots: 2, isDefault: true))
            _ = try bench.first.submit(bench.newRun(["a", "b", "c"], upstream: [[], [], []]))
            let running = try bench.leaseOne(bench.first)
            try bench.second.save(Pool(name: "default", slots: 2, isDefault: true, isSuspended: true))
            try require(try bench.first.advance(bench.leasing(9)).leased.isEmpty, "nothing starts in it")
            try require(
                try bench.first.advance(bench.ending(running, StoreBench.success)).stale.isEmpty, "what runs goes on")
            try bench.second.save(Pool(name: "default", slots: 2, isDefault: true))
            try require(try bench.first.advance(bench.leasing(9)).leased.map(\.task.name), is: ["b", "c"], "the queue")
        },
        Case("a pool keeps its limits and goes only when nobody needs it") { bench in
            let etl = Pool(
                name: "etl", slots: 2, limits: TaskLimits(queue: 60, attempt: 3_600.5),
                resources: AttemptLimits(memoryBytes: 1 << 30, cpuSeconds: 0.5))
            try bench.first.save(etl)
            try require(try bench.second.pools().last, is: etl, "the pool")
            try await refused("no such limit", code: "pool.invalid") {
                try bench.first.save(Pool(name: "x", slots: 1, limits: TaskLimits(queue: 0)))
            }
            try await refused("the default pool", code: "pool.is-default") { try bench.first.deletePool("default") }
            try await refused("an unknown pool", code: "pool.unknown") { try bench.first.deletePool("nowhere") }
            let run = try bench.first.submit(bench.newRun(["a"], pool: "etl")).state.run.id
            try await refused("a pool in use", code: "pool.in-use") { try bench.second.deletePool("etl") }
            let leased = try bench.leaseOne(bench.first)
            try require(try bench.first.move(leased.lease, to: "default"), "it moves to another pool")
            try await refused("the pool to which it may come back", code: "pool.in-use") {
                try bench.second.deletePool("etl")
            }
            _ = try bench.first.stop(run, by: "dana")
            _ = try bench.first.advance(bench.ending(leased, .terminated(by: "dana")))
            try bench.second.deletePool("etl")
            try require(try bench.first.pools().map(\.name), is: ["default"], "the pools")
        },
        Case("a worker that only passes leases what is attached to it") { bench in
            var own = bench.newRun(["own"])
            own.attachedTo = "passing"
            _ = try bench.first.submit(bench.newRun(["other"]))
            let run = try bench.second.submit(own).state.run
            try require(run.attachedTo, is: "passing", "whom the run lives with")
            var order = bench.leasing(9, worker: "passing")
            order.lease?.attachedOnly = true
            try require(try bench.first.advance(order).leased.map(\.task.name), is: ["own"], "leased tasks")
            try require(
                try bench.first.runs(RunQuery(isAttached: true)).map(\.id), is: [run.id], "the attached runs")
            try require(try bench.first.runs(RunQuery(isAttached: false)).count, is: 1, "the others")
        },
    ]
}
