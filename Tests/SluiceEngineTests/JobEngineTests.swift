import Foundation
import SluiceCore
import SluiceEngine
import SluiceStore
import Testing

@Suite struct JobEngineTests {
    let fixture = EngineFixture()

    @Test func tasksRunInOrderAndTheRunSucceeds() async throws {
        let ended = try await fixture.run(try fixture.job([("a", "say one"), ("b", "say two"), ("c", "")]))
        #expect(ended.run.status == .succeeded)
        #expect(fixture.executor.order == ["a", "b", "c"])
        let journal = try fixture.store.journal(of: try #require(ended.tasks[1].attemptID), after: 0, limit: 10)
        #expect(journal.entries == [.log(LogLine(at: Date(timeIntervalSince1970: 0), stream: .output, text: "two"))])
    }

    @Test func aFailedTaskFailsTheJobAndLeavesTheLaterOnesNotRun() async throws {
        let ended = try await fixture.run(try fixture.job([("a", ""), ("b", "fail no such table"), ("c", "")]))
        #expect(ended.run.status == .failed)
        #expect(ended.run.reason == "task 'b' failed")
        #expect(ended.tasks.map(\.state) == [.succeeded, .failed, .notRun])
        #expect(ended.tasks[1].failure?.code == "scripted.failed")
        #expect(ended.tasks[2].reason == "task 'b' failed")
        #expect(fixture.executor.order == ["a", "b"])
    }

    @Test func aFaultOfTheExecutorFailsTheTaskWithItsCode() async throws {
        let ended = try await fixture.run(try fixture.job([("a", "throw")]))
        #expect(ended.tasks[0].state == .failed)
        #expect(ended.tasks[0].failure?.code == "scripted.fault")
        #expect(ended.tasks[0].failure?.message == "the machine is on fire")
    }

    @Test func independentTasksRunAtTheSameTime() async throws {
        // Both wait until the other one is there: one after the other they would wait for ever.
        let job = try fixture.job([("a", "meet 2"), ("b", "meet 2")], after: ["b": []])
        #expect(try await fixture.run(job).run.status == .succeeded)
    }

    @Test func valuesAndParametersReachLaterTasks() async throws {
        let job = try fixture.job(
            [("a", #"value {"rows": 7}"#), ("b", "result 5"), ("c", "inputs")], parameters: ["day": "monday"])
        let ended = try await fixture.run(job, parameters: ["day": "friday"])
        #expect(ended.tasks[2].value == ["a": ["rows": 7], "b": 5, "day": "friday"])
        #expect(ended.run.parameters == ["day": "friday"])
    }

    @Test func aResultAbove64KilobytesIsRefused() async throws {
        let text = String(repeating: "x", count: 65_536)
        let ended = try await fixture.run(try fixture.job([("a", "result \"\(text)\"")]))
        #expect(ended.tasks[0].failure?.code == "value.too-large")
    }

    @Test func aRunKeepsTheVersionsItStartedWith() async throws {
        let store = fixture.store
        let job = try fixture.job([("a", "meet 2"), ("b", "value 1")])
        let fixture = fixture
        let ended = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(1)
            _ = try fixture.job([("b", "value 2"), ("opener", "meet 2")])
            let opener = JobDefinition(
                name: "opener", tasks: [TaskDefinition(name: "opener", script: "opener.scripted")])
            _ = try await engine.submit(RunRequest(.definition(opener), initiator: "dana"))
            return try await engine.wait(for: run.id)
        }
        #expect(ended.tasks[1].value == 1)
        #expect(try store.script(named: "b.scripted")?.version.hash == ContentHash(of: Data("value 2".utf8)))
    }

    @Test func eventsTellTheWholeStoryInOrder() async throws {
        let job = try fixture.job([("a", ""), ("b", "fail x"), ("c", "")])
        let changes = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            var changes: [RunChange] = []
            var last: Int64 = 0
            for try await event in engine.events(of: run.id) {
                #expect(event.sequence > last)
                last = event.sequence
                changes.append(event.change)
            }
            return changes
        }
        let states = changes.compactMap { change -> String? in
            switch change {
            case .run(let status, _): "run \(status.rawValue)"
            case .task(let index, let state, _, _): "\(index) \(state.rawValue)"
            case .stopRequested: nil
            }
        }
        #expect(
            states == [
                "run pending", "0 pending", "run running", "0 running", "0 succeeded", "1 pending", "1 running",
                "1 failed", "2 notRun", "run failed",
            ])
    }

    @Test func stoppingARunEndsItsAttemptAndLeavesTheRest() async throws {
        let job = try fixture.job([("a", "stay"), ("b", "")])
        let fixture = fixture
        let ended = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(1)
            let stopping = try engine.stop(run.id, by: "noa")
            #expect(stopping.run.status == .running)
            #expect(stopping.tasks[0].reason == "stopping")
            return try await engine.wait(for: run.id)
        }
        #expect(ended.tasks.map(\.state) == [.terminated, .notRun])
        #expect(ended.run.status == .failed)
        #expect(ended.run.reason == "terminated by noa")
    }

    @Test func closingTheEngineEndsAndRecordsWhatRuns() async throws {
        let job = try fixture.job([("a", "stay"), ("b", "")])
        let fixture = fixture
        let id = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(1)
            return run.id
        }
        let ended = try #require(try fixture.store.run(id))
        #expect(ended.tasks[0].state == .terminated)
        #expect(ended.tasks[0].reason == "terminated by the engine's shutdown")
        #expect(fixture.executor.shutdowns.withLock { $0 } == 1)
    }

    @Test func cancellingTheHostEndsAndRecordsWhatRuns() async throws {
        let job = try fixture.job([("a", "stay")])
        let fixture = fixture
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await withJobEngine(fixture.engine()) { engine in
                        let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
                        _ = try await engine.wait(for: run.id)
                    }
                }
            }
            await fixture.executor.waitForArrivals(1)
            group.cancelAll()
        }
        #expect(try fixture.store.runs(RunQuery())[0].status == .failed)
    }

    @Test func whatTheBodyThrowsComesOutAfterTheEngineHasStopped() async throws {
        struct Oops: Error {}
        await #expect(throws: Oops.self) {
            try await withJobEngine(fixture.engine()) { _ in throw Oops() }
        }
        #expect(fixture.executor.shutdowns.withLock { $0 } == 1)
    }

    @Test func theSameIdempotencyKeyGivesTheSameRun() async throws {
        let job = try fixture.job([("a", "")])
        let request = RunRequest(.definition(job), initiator: "dana", idempotencyKey: "k1")
        let engine = fixture.engine()
        let first = try await engine.submit(request)
        let second = try await engine.submit(request)
        #expect(first.id == second.id)
        #expect(try fixture.store.runs(RunQuery()).count == 1)
    }

    @Test func aTaskMovesToAnotherPoolWhenASlotIsFree() async throws {
        try fixture.store.save(Pool(name: "etl", slots: 1))
        let job = try fixture.job(
            [("a", "pool etl\nmeet 2"), ("b", "meet 2\nenter etl\nvalue 1")], after: ["b": []])
        let ended = try await fixture.run(job)
        #expect(ended.run.status == .succeeded)
        #expect(ended.tasks[1].pool == "etl")
    }

    @Test func slotsBoundWhatRunsAtATime() async throws {
        try fixture.store.save(Pool(name: "one", slots: 1))
        let names = (0..<5).map { "t\($0)" }
        let job = try fixture.job(
            names.map { ($0, "pool one") }, after: Dictionary(uniqueKeysWithValues: names.map { ($0, []) }))
        let ended = try await fixture.run(job)
        #expect(ended.run.status == .succeeded)
        // With one slot no two of them overlap.
        let spans = ended.tasks.map { ($0.startedAt!, $0.endedAt!) }.sorted { $0.0 < $1.0 }
        for (earlier, later) in zip(spans, spans.dropFirst()) { #expect(earlier.1 <= later.0) }
    }

    @Test func aThousandIndependentTasksAllRun() async throws {
        let names = (0..<1_000).map { "t\($0)" }
        let job = try fixture.job(
            names.map { ($0, "") }, after: Dictionary(uniqueKeysWithValues: names.map { ($0, []) }))
        let ended = try await fixture.run(job)
        #expect(ended.run.status == .succeeded)
        #expect(Set(fixture.executor.order).count == 1_000)
        #expect(fixture.executor.order.count == 1_000)
    }

    @Test func attemptsOfADeadEngineAreLostAndItsReadyTasksGoOn() async throws {
        let job = try fixture.job([("a", ""), ("b", "")])
        let planned = try await fixture.engine().submit(RunRequest(.definition(job), initiator: "dana"))
        let dead = LeaseOrder(
            worker: "dead", kinds: [fixture.executor.kind], limit: 1, duration: .seconds(600))
        let leased = try fixture.store.advance(AdvanceOrder(lease: dead)).leased
        _ = try fixture.store.advance(AdvanceOrder(begun: leased.map(\.lease)))

        let other = try fixture.job([("c", "")])
        let ready = try await fixture.engine().submit(RunRequest(.definition(other), initiator: "dana"))
        try await withJobEngine(fixture.engine()) { engine in
            _ = try await engine.wait(for: planned.id)
            _ = try await engine.wait(for: ready.id)
        }
        let lost = try #require(try fixture.store.run(planned.id))
        #expect(lost.tasks.map(\.state) == [.lost, .notRun])
        #expect(lost.run.status == .failed)
        #expect(try fixture.store.run(ready.id)?.run.status == .succeeded)
    }

    @Test func anAttemptThatLosesItsLeaseStopsAndWritesNothing() async throws {
        let job = try fixture.job([("a", "stay")])
        let fixture = fixture
        let configuration = EngineConfiguration(heartbeat: .milliseconds(20))
        let ended = try await withJobEngine(fixture.engine(configuration)) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(1)
            // Another node's reaper takes the attempt away.
            let leases = try fixture.store.expiredLeases { _ in true }
            _ = try fixture.store.advance(
                AdvanceOrder(ended: leases.map { .init(lease: $0, ending: .lost(reason: "taken away")) }))
            return try await engine.wait(for: run.id)
        }
        #expect(ended.tasks[0].state == .lost)
        #expect(ended.tasks[0].reason == "taken away")
    }
}
