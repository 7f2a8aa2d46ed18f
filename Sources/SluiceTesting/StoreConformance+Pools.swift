import Foundation
import SluiceCore
import Synchronization

extension StoreConformance {
    static let poolCases: [Case] = [
        Case("a new store has the pool default, with two slots or more") { bench in
            let pools = try bench.first.pools()
            try require(pools.map(\.name), is: ["default"], "the pools")
            try require(pools[0].isDefault && pools[0].slots >= 2, "it is the default one, with two slots: \(pools[0])")
        },
        Case("saving a pool changes it, and one is the default") { bench in
            try bench.first.save(Pool(name: "etl", slots: 3, isDefault: true))
            try bench.second.save(Pool(name: "default", slots: 4))
            let pools = [Pool(name: "default", slots: 4), Pool(name: "etl", slots: 3, isDefault: true)]
            try require(try bench.first.pools(), is: pools, "the pools")
            try bench.second.save(Pool(name: "etl", slots: 5))
            try require(try bench.first.pools()[1].isDefault, "the default pool stays so until another is made it")
            try await refused("a pool without a name", code: nil) { try bench.first.save(Pool(name: "", slots: 1)) }
            try await refused("negative slots", code: nil) { try bench.first.save(Pool(name: "x", slots: -1)) }
        },
        Case("no more attempts run in a pool than it has slots") { bench in
            try bench.first.save(Pool(name: "etl", slots: 2))
            try bench.first.save(Pool(name: "default", slots: 1))
            _ = try bench.first.submit(bench.newRun(["a", "b", "c"], upstream: [[], [], []], pool: "etl"))
            _ = try bench.first.submit(bench.newRun(["d", "e"], upstream: [[], []]))
            let leased = try bench.second.advance(bench.leasing(9)).leased
            try require(leased.map(\.task.name).sorted(), is: ["a", "b", "d"], "the tasks that have a slot")
            try require(try bench.first.advance(bench.leasing(9)).leased.isEmpty, "nothing more has one")
            let first = try present(leased.first { $0.task.name == "a" }, "the task a")
            var order = bench.ending(first, StoreBench.success)
            order.lease = bench.leasing(9).lease
            try require(try bench.first.advance(order).leased.map(\.task.name), is: ["c"], "the task that got its slot")
        },
        Case("a pool's use counts what holds a slot and what waits for one") { bench in
            try bench.first.save(Pool(name: "etl", slots: 2))
            _ = try bench.first.submit(bench.newRun(["a", "b", "c"], upstream: [[], [], []], pool: "etl"))
            _ = try bench.second.advance(bench.leasing(9))
            let use = [PoolUse(pool: "default", holding: 0, waiting: 0), PoolUse(pool: "etl", holding: 2, waiting: 1)]
            try require(try bench.first.poolUse(), is: use, "the use of the pools")
        },
        Case("more slots let more run, a pool that is not there lets nothing run") { bench in
            try bench.first.save(Pool(name: "etl", slots: 0))
            _ = try bench.first.submit(bench.newRun(["a"], pool: "etl"))
            _ = try bench.first.submit(bench.newRun(["b"], pool: "nowhere"))
            try require(try bench.first.advance(bench.leasing(9)).leased.isEmpty, "no slot, nothing leased")
            try bench.second.save(Pool(name: "etl", slots: 1))
            try require(try bench.first.advance(bench.leasing(9)).leased.map(\.task.name), is: ["a"], "leased tasks")
        },
        Case("slots hold while many lease and end at once") { bench in
            let names = (0..<80).map { "t\($0)" }
            try bench.first.save(Pool(name: "default", slots: 3))
            let id = try bench.first.submit(bench.newRun(names, upstream: names.map { _ in [] })).state.run.id
            let over = Mutex<[Int]>([])
            try await bench.inParallel(6) { store, number in
                var order = bench.leasing(2, worker: "worker \(number)")
                while true {
                    let leased = try store.advance(order).leased
                    guard let state = try store.run(id) else { return }
                    let running = state.tasks.count { $0.state == .running }
                    if running > 3 { over.withLock { $0.append(running) } }
                    order.ended = leased.map { .init(lease: $0.lease, ending: StoreBench.success) }
                    if state.run.status.isEnded { return }
                }
            }
            try require(over.withLock { $0 }, is: [], "times that more than three ran")
            try require(try bench.state(of: id).run.status, is: .succeeded, "the run")
        },
        Case("an attempt moves to another pool when that has a slot") { bench in
            try bench.first.save(Pool(name: "etl", slots: 1))
            try bench.first.save(Pool(name: "default", slots: 1))
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            _ = try bench.first.submit(bench.newRun(["b"]))
            let task = try bench.leaseOne(bench.first)
            try require(try bench.first.move(task.lease, to: "default"), "it keeps the slot that it has")
            try require(try bench.second.move(task.lease, to: "etl"), "there is a slot")
            let moved = try bench.state(of: id).tasks[0]
            try require(moved.pool, is: "etl", "its pool")
            try require(moved.state, is: .running, "its state")
            try require(moved.lease, is: task.task.lease, "its lease")
            try require(try bench.leaseOne(bench.second).task.name, is: "b", "the task that got the slot given up")
        },
        Case("an attempt that waits for a slot holds none, and goes before new ones") { bench in
            try bench.first.save(Pool(name: "etl", slots: 1))
            try bench.first.save(Pool(name: "default", slots: 1))
            let holder = try bench.first.submit(bench.newRun(["holder", "next"], pool: "etl")).state.run.id
            let busy = try bench.leaseOne(bench.first)
            let id = try bench.first.submit(bench.newRun(["mover"])).state.run.id
            _ = try bench.first.submit(bench.newRun(["waiting"]))
            let mover = try bench.leaseOne(bench.second)
            try require(mover.run.id, is: id, "the run of the task to be moved")

            try require(try bench.second.move(mover.lease, to: "etl"), is: false, "the slot is taken")
            let waiting = try bench.state(of: id).tasks[0]
            try require(
                waiting.waitsForSlot && waiting.pool == "etl" && waiting.state == .running, "it waits: \(waiting)")
            try require(waiting.reason, is: "waits for pool etl", "its reason")
            try require(try bench.leaseOne(bench.first).task.name, is: "waiting", "the task that got the slot given up")
            try require(try bench.second.move(mover.lease, to: "etl"), is: false, "the slot is still taken")

            var order = bench.ending(busy, StoreBench.success)
            order.lease = bench.leasing(9).lease
            try require(try bench.first.advance(order).leased.isEmpty, "the free slot is kept for whoever waits in it")
            try require(try bench.second.move(mover.lease, to: "etl"), "now there is a slot")
            let moved = try bench.state(of: id).tasks[0]
            try require(!moved.waitsForSlot && moved.reason == nil, "it waits no more: \(moved)")
            try require(try bench.state(of: holder).tasks[1].state, is: .pending, "the task behind it")
            _ = try bench.first.advance(bench.ending(mover, StoreBench.success))
            try require(try bench.leaseOne(bench.first).task.name, is: "next", "the task behind it")
        },
        Case("moving needs a lease and a pool") { bench in
            _ = try bench.first.submit(bench.newRun(["a"]))
            let task = try bench.leaseOne(bench.first)
            var stale = task.lease
            stale.token += 1
            let lost = try await refused("a move with a stale token", code: "lease.lost") {
                _ = try bench.second.move(stale, to: "default")
            }
            try require(lost is LeaseLost, "the error is LeaseLost: \(lost)")
            let unknown = try await refused("a move to an unknown pool", code: "pool.unknown") {
                _ = try bench.second.move(task.lease, to: "etl")
            }
            try require(unknown.message.contains("default"), "the error lists the pools: \(unknown)")
        },
    ]
}

/// Fails unless `body` throws a ``SluiceError``, with that code when one is given.
@discardableResult
func refused(
    _ what: String, code: String?, category: ErrorCategory? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Void
) async throws -> any SluiceError {
    do {
        try await body()
    } catch let error as any SluiceError {
        if let code { try require(error.code, is: code, what, file: file, line: line) }
        if let category { try require(error.category, is: category, what, file: file, line: line) }
        try require(!error.message.isEmpty, "\(what): the error says nothing", file: file, line: line)
        return error
    }
    throw ConformanceFailure("\(what) is not refused", file: file, line: line)
}
