import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting

@testable import SluiceEngine

/// A world of its own: a store, engines, people and what goes wrong, all of one seed and without any real time.
final class Simulation {
    private let chances: Chances
    private let clock = ManualClock()
    private let store: FaultyStore
    private let jobs: SimulatedJobs
    /// Whether there is one engine at a time, as with `sluice serve`, or several that share the store.
    private let isAlone: Bool
    private var workers: [SimulatedWorker] = []
    private var workerCount = 0
    /// What was submitted, by its key.
    private var submitted: [(key: String, run: RunID)] = []
    private(set) var trace: [String] = []
    private let isTracing: Bool

    init(seed: UInt64, breakage: FaultyStore.Break? = nil, isTracing: Bool = false) {
        chances = Chances(seed: seed)
        let memory = MemoryStore(clock: clock)
        let checker = SimulationChecker(memory, clock: clock, witness: Witness())
        store = FaultyStore(memory, checker: checker, clock: clock, chances: chances, breakage: breakage)
        jobs = SimulatedJobs(chances)
        isAlone = chances.happens(40)
        self.isTracing = isTracing
        if isTracing { checker.trace = { [unowned self] in trace.append($0) } }
    }

    /// Lives through the seed.
    ///
    /// - Returns: every promise that was broken; empty when all is well.
    func run() -> [String] {
        setUp()
        store.faults = chances.one(of: [0, 1, 4])
        store.meanwhile = { [unowned self] in stopSomething() }
        for _ in 0..<chances.within(30...100) where problems.isEmpty { act() }
        store.faults = 0
        store.meanwhile = nil
        calmDown()
        return problems
    }

    private var problems: [String] { store.checker.problems + store.checker.witness.problems }

    private func setUp() {
        for pool in SimulatedJobs.pools {
            swallow { try store.save(Pool(name: pool, slots: chances.within(1...3), isDefault: pool == "default")) }
        }
        submit()
        hire()
    }

    private func note(_ what: @autoclosure () -> String) {
        if isTracing { trace.append("\(clock.now.timeIntervalSinceReferenceDate - 790_000_000) \(what())") }
    }

    /// The next thing that happens.
    private func act() {
        guard !workers.isEmpty else { return hire() }
        let worker = chances.one(of: workers)
        switch chances.below(100) {
        case ..<32:
            note("\(worker.name) steps")
            worker.step()
        case ..<62:
            note("\(worker.name) works")
            worker.work()
        case ..<70:
            note("\(worker.name) beats")
            worker.beat()
        case ..<72:
            note("\(worker.name) crashes")
            worker.crash()
        case 72:
            note("\(worker.name) is told to end")
            worker.close()
        case ..<82: clock.advance(by: .milliseconds(chances.within(1...6_000)))
        case 82:
            note("the clock jumps")
            clock.advance(by: .seconds(chances.within(10...300)))
        case ..<86: hire()
        case ..<91: submit()
        case ..<94: stopSomething()
        case ..<96: reopen()
        default: changePool()
        }
        for worker in workers where worker.isDead { note("\(worker.name) is gone") }
        workers.removeAll(where: \.isDead)
    }

    private func hire() {
        // One engine at a time has the data folder.
        guard workers.count < (isAlone ? 1 : 3) else { return }
        workerCount += 1
        let worker = SimulatedWorker(
            "w\(workerCount)", isAlone: isAlone, store: store, clock: clock, chances: chances)
        note("\(worker.name) starts")
        worker.start()
        if !worker.isDead { workers.append(worker) }
    }

    private func submit() {
        guard submitted.count < 6 else { return }
        let key = "k\(submitted.count)"
        let run = jobs.run(chances, key: key, at: clock.now)
        note("\(run.definition.name) is submitted")
        // Whoever is not answered asks again, under the same key.
        for _ in 0..<5 {
            do {
                let answer = try store.submit(run)
                submitted.append((key, answer.state.run.id))
                break
            } catch { note("  \(error)") }
        }
        if let earlier = submitted.first, chances.happens(10) {
            swallow {
                let again = try store.submit(jobs.run(chances, key: earlier.key, at: clock.now))
                store.checker.require(
                    !again.isNew && again.state.run.id == earlier.run, "key \(earlier.key) started a second run")
            }
        }
    }

    private func stopSomething() {
        guard let run = submitted.isEmpty ? nil : chances.one(of: submitted).run else { return }
        if chances.happens(50) {
            note("run \(run) is stopped")
            swallow {
                _ = try store.stop(run, by: "ada")
                for worker in workers { worker.dispatcher.stop(.run(run), by: "ada") }
            }
        } else if let state = store.run(run) {
            let task = chances.one(of: state.tasks).id
            note("task \(task) is stopped")
            swallow {
                _ = try store.stopTask(task, by: "ada")
                for worker in workers { worker.dispatcher.stop(.task(task), by: "ada") }
            }
        }
    }

    private func reopen() {
        let failed = submitted.compactMap { store.run($0.run) }.filter { $0.run.status == .failed }
        guard !failed.isEmpty else { return }
        let state = chances.one(of: failed)
        note("run \(state.run.id) is reopened")
        let pinned = state.tasks.prefix(state.run.definition.allTasks.count).map(\.pinned)
        swallow {
            _ = try store.reopen(
                state.run.id, RunMachine.Reopening(tasks: Array(pinned), snapshot: state.run.snapshot))
        }
    }

    private func changePool() {
        var pool = chances.one(of: store.pools())
        switch chances.below(3) {
        case 0: pool.slots = chances.below(4)
        case 1: pool.isSuspended.toggle()
        default: pool.slots += 1
        }
        note("pool \(pool.name) has \(pool.slots) slots\(pool.isSuspended ? ", suspended" : "")")
        swallow { try store.save(pool) }
    }

    /// What a person is told of and does again or not.
    private func swallow(_ body: () throws -> Void) {
        do { try body() } catch { note("  \(error)") }
    }

    /// Nothing goes wrong any more: everything that was begun must come to its end.
    private func calmDown() {
        note("calm")
        for pool in store.pools() {
            swallow { try store.save(Pool(name: pool.name, slots: max(1, pool.slots), isDefault: pool.isDefault)) }
        }
        for _ in 0..<400 where problems.isEmpty && !store.checker.openRuns.isEmpty {
            if workers.isEmpty { hire() }
            for worker in workers {
                worker.step()
                worker.workAll(isCalm: true)
                worker.beat()
            }
            workers.removeAll(where: \.isDead)
            // Shorter than a lease lives.
            clock.advance(by: .seconds(12))
        }
        for run in store.checker.openRuns.sorted() where problems.isEmpty {
            let tasks = store.run(run)?.tasks.map { "\($0.id) \($0.state): \($0.reason ?? "-")" } ?? []
            store.checker.problems.append("run \(run) does not end: \(tasks.joined(separator: ", "))")
        }
    }
}
