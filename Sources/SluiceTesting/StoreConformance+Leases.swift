import Foundation
import SluiceCore
import Synchronization

extension StoreConformance {
    static let leaseCases: [Case] = [
        Case("leases come oldest first: by readiness, then run, then place in the job") { bench in
            try bench.first.save(Pool(name: "default", slots: 9))
            let early = try bench.first.submit(bench.newRun(["a", "b"], upstream: [[], []])).state.run.id
            let twin = try bench.second.submit(bench.newRun(["c"])).state.run.id
            bench.clock.advance(by: .seconds(1))
            let late = try bench.first.submit(bench.newRun(["d"])).state.run.id
            let leased = try bench.second.advance(bench.leasing(9)).leased.map {
                [$0.run.id, RunID(Int64($0.task.id.index))]
            }
            let expected = [(early, 0), (early, 1), (twin, 0), (late, 0)].map { [$0.0, RunID(Int64($0.1))] }
            try require(leased, is: expected, "run and place of the leased tasks")
        },
        Case("only kinds of the order are leased, and no more than its limit") { bench in
            try bench.first.save(Pool(name: "default", slots: 9))
            _ = try bench.first.submit(bench.newRun(["a", "b", "c"], upstream: [[], [], []], kind: .python))
            _ = try bench.first.submit(bench.newRun(["d"], kind: .sql))
            let sql = try bench.second.advance(bench.leasing(9, kinds: [.sql])).leased
            try require(sql.map(\.task.name), is: ["d"], "the SQL tasks")
            try require(try bench.second.advance(bench.leasing(9, kinds: [])).leased.count, is: 0, "tasks of no kind")
            try require(
                try bench.second.advance(bench.leasing(0, kinds: [.python])).leased.count, is: 0, "none asked for")
            let python = try bench.first.advance(bench.leasing(2, kinds: [.python, .sql])).leased
            try require(python.map(\.task.name), is: ["a", "b"], "two Python tasks")
        },
        Case("a lease names its worker, token and expiry") { bench in
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            let order = bench.leasing(1, worker: "node 7", for: .milliseconds(1_500))
            let leased = try present(try bench.first.advance(order).leased.first, "the leased task")
            let lease = try present(try bench.state(of: id).tasks[0].lease, "the lease")
            try require(lease.worker, is: "node 7", "its worker")
            try require(lease.token, is: leased.lease.token, "its token")
            try require(lease.expires, is: bench.clock.now + 1.5, "its expiry")
            try require(!lease.begun, "execution has not begun")
            try require(leased.task, is: try bench.state(of: id).tasks[0], "the task as leased")
            try require(leased.run, is: try bench.state(of: id).run, "the run as leased")
        },
        Case("nothing is leased twice, however many ask at once") { bench in
            let names = (0..<60).map { "t\($0)" }
            try bench.first.save(Pool(name: "default", slots: 1_000))
            _ = try bench.first.submit(bench.newRun(names, upstream: names.map { _ in [] }))
            let seen = Mutex<[HeldLease]>([])
            try await bench.inParallel(6) { store, number in
                while true {
                    let leased = try store.advance(bench.leasing(3, worker: "worker \(number)")).leased
                    if leased.isEmpty { return }
                    seen.withLock { $0 += leased.map(\.lease) }
                }
            }
            let leases = seen.withLock { $0 }
            try require(leases.count, is: 60, "leases")
            try require(Set(leases.map(\.attempt)).count, is: 60, "different attempts")
            try require(Set(leases.map(\.token)).count, is: 60, "different tokens")
        },
        Case("fencing tokens only go up") { bench in
            var last: Int64 = 0
            for number in 0..<6 {
                let store = number.isMultiple(of: 2) ? bench.first : bench.second
                _ = try store.submit(bench.newRun(["a"]))
                let task = try bench.leaseOne(store)
                try require(task.lease.token > last, "token \(task.lease.token) after \(last)")
                last = task.lease.token
                _ = try store.advance(bench.ending(task, StoreBench.success))
            }
        },
        Case("a stale token writes nothing, the rest of its order is written") { bench in
            try bench.first.save(Pool(name: "default", slots: 9))
            let id = try bench.first.submit(bench.newRun(["a", "b"], upstream: [[], []])).state.run.id
            let leased = try bench.first.advance(bench.leasing(2)).leased
            try require(leased.count, is: 2, "leased tasks")
            var stale = leased[0].lease
            stale.token -= 1
            var other = leased[0].lease
            other.attempt.number += 1
            var nowhere = leased[0].lease
            nowhere.attempt.task.run = RunID(99)
            var outside = leased[0].lease
            outside.attempt.task.index = 5
            let advanced = try bench.second.advance(
                AdvanceOrder(
                    begun: [stale, nowhere],
                    ended: [
                        .init(lease: other, ending: StoreBench.failure),
                        .init(lease: outside, ending: StoreBench.failure),
                        .init(lease: leased[1].lease, ending: StoreBench.success),
                    ]))
            try require(
                advanced.stale, is: [stale.attempt, nowhere.attempt, other.attempt, outside.attempt], "stale attempts")
            let state = try bench.state(of: id)
            try require(state.tasks[0], is: leased[0].task, "the task that was written to with a stale token")
            try require(state.tasks[1].state, is: .succeeded, "the task beside it")
        },
        Case("an ended attempt cannot be moved on") { bench in
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            let task = try bench.leaseOne(bench.first)
            _ = try bench.first.advance(bench.ending(task, StoreBench.success))
            let state = try bench.state(of: id)
            let again = try bench.second.advance(
                AdvanceOrder(begun: [task.lease], ended: [.init(lease: task.lease, ending: StoreBench.failure)]))
            try require(again.stale, is: [task.lease.attempt, task.lease.attempt], "stale attempts")
            try require(try bench.second.renew([task.lease], for: .seconds(9)), is: [task.lease.attempt], "lost leases")
            try require(try bench.state(of: id), is: state, "the run")
        },
        Case("a lease lives as long as it is renewed") { bench in
            _ = try bench.first.submit(bench.newRun(["a"]))
            let task = try bench.leaseOne(bench.first)
            func expired() throws -> [HeldLease] { try bench.second.expiredLeases { _ in false } }
            bench.clock.advance(by: .seconds(29))
            try require(try expired(), is: [], "expired leases before the time")
            try require(try bench.first.renew([task.lease], for: .seconds(30)), is: [], "lost leases")
            bench.clock.advance(by: .seconds(29))
            try require(try expired(), is: [], "expired leases after renewing")
            bench.clock.advance(by: .seconds(1))
            try require(try expired(), is: [task.lease], "expired leases after the time")
            // Until somebody has acted on it, the lease is still its holder's.
            try require(try bench.second.renew([task.lease], for: .seconds(30)), is: [], "lost leases")
            try require(try expired(), is: [], "expired leases after a late renewal")
        },
        Case("the leases of dead workers are expired") { bench in
            try bench.first.save(Pool(name: "default", slots: 9))
            _ = try bench.first.submit(bench.newRun(["a", "b"], upstream: [[], []]))
            let alive = try bench.leaseOne(bench.first, worker: "alive")
            let dead = try bench.leaseOne(bench.first, worker: "dead")
            try require(try bench.second.expiredLeases { $0 == "dead" }, is: [dead.lease], "expired leases")
            try require(try bench.second.expiredLeases { $0 == "alive" }, is: [alive.lease], "expired leases")
        },
        Case("a lost attempt fails its run, and its worker's word comes too late") { bench in
            let id = try bench.first.submit(bench.newRun(["a", "b"])).state.run.id
            let task = try bench.leaseOne(bench.first)
            _ = try bench.first.advance(AdvanceOrder(begun: [task.lease]))
            bench.clock.advance(by: .seconds(31))
            let lease = try present(try bench.second.expiredLeases { _ in false }.first, "the expired lease")
            let reaped = AdvanceOrder(ended: [.init(lease: lease, ending: .lost(reason: "its worker vanished"))])
            _ = try bench.second.advance(reaped)
            let late = try bench.first.advance(bench.ending(task, StoreBench.success))
            try require(late.stale, is: [task.lease.attempt], "stale attempts")
            let state = try bench.state(of: id)
            try require(state.tasks.map(\.state), is: [.lost, .notRun], "the tasks")
            try require(state.run.status, is: .failed, "the run")
        },
        Case("an attempt lost before it began is leased again, as another one") { bench in
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            let task = try bench.leaseOne(bench.first)
            _ = try bench.second.advance(bench.ending(task, .lost(reason: "its worker vanished")))
            try require(try bench.state(of: id).tasks[0].state, is: .pending, "the task")
            let again = try bench.leaseOne(bench.second)
            try require(again.lease.attempt.number, is: 2, "the attempt")
            try require(again.lease.token > task.lease.token, "its token is higher")
            let late = try bench.first.advance(AdvanceOrder(begun: [task.lease]))
            try require(late.stale, is: [task.lease.attempt], "stale attempts")
        },
        Case("an attempt ends once when its worker and the reaper race") { bench in
            for _ in 0..<20 {
                let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
                let task = try bench.leaseOne(bench.first)
                _ = try bench.first.advance(AdvanceOrder(begun: [task.lease]))
                let stale = Mutex(0)
                try await bench.inParallel(2) { store, number in
                    let ending = number == 0 ? StoreBench.success : AttemptEnding.lost(reason: "vanished")
                    let count = try store.advance(bench.ending(task, ending)).stale.count
                    stale.withLock { $0 += count }
                }
                try require(stale.withLock { $0 }, is: 1, "stale endings")
                let ends = try bench.first.events(after: 0, run: id, limit: 100).filter {
                    if case .run(let status, _) = $0.change { return status.isEnded }
                    return false
                }
                try require(ends.count, is: 1, "ends of the run")
            }
        },
    ]
}
