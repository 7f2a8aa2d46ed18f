import Foundation
import Glibc
import SluiceCore
import SluiceEngine
import SluiceServer
import SluiceTesting
import Testing

@Suite("An engine behind the socket answers like one in the same process")
struct SocketServerTests {
    /// Asks both ways and answers both, as bytes.
    private static func ask(
        _ operation: some EngineOperation, _ fixture: ServerFixture, _ client: SocketClient
    ) async throws -> (direct: Data, socket: Data) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (
            try encoder.encode(try await fixture.direct.perform(operation)),
            try encoder.encode(try await client.perform(operation))
        )
    }

    @Test("Every question has the same answer")
    func answers() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("pass", "lines 3")
        try await fixture.serving { _ in
            let client = try await fixture.client()
            let run = try await client.perform(SubmitRun(.definition(job), parameters: [:]))
            _ = try await fixture.host.engine.wait(for: run.id)
            _ = try await client.perform(SaveJob(job, as: .saved, replacing: false))
            let attempt = AttemptID(task: TaskRunID(run: run.id, index: 1), number: 1)
            let operations: [any EngineOperation] = [
                ListScripts(), FindScript("s0.word"), ReadScript(ContentHash(of: Data("pass".utf8))),
                PlanScript("s0.word", content: Data("pass".utf8), dialect: .blue), ListJobs(), FindJob("job"),
                CheckJob(JobDefinition(name: "x", tasks: [TaskDefinition(name: "t", script: "nowhere.word")])),
                FindRun(run.id), ListRuns(limit: 10), FollowEvents(run.id, after: 0, wait: 0),
                ReadJournal(attempt, after: 0), ListArtifacts(attempt), ListPools(), StopRun(run.id),
                FindPlaces(run.id), FindPoolUse(), ChangePool("default", .init()),
            ]
            for operation in operations {
                let (direct, socket) = try await Self.ask(operation, fixture, client)
                #expect(direct == socket, "\(operation)")
            }
        }
    }

    @Test("Every refusal is the same error, with its code, words, category and problems")
    func errors() async throws {
        let fixture = try ServerFixture()
        let refused = try fixture.job("refuse")
        try await fixture.serving { _ in
            let client = try await fixture.client()
            let operations: [any EngineOperation] = [
                FindScript("nowhere"), ReadScript(ContentHash(of: Data())), FindJob("nobody"), FindRun(RunID(9)),
                StopRun(RunID(9)), RerunRun(RunID(9)), ReopenRun(RunID(9)), ResumeRun(RunID(9), at: ResumeWish()),
                StopTask(TaskRunID(run: RunID(9), index: 0)), CreatePool(Pool(name: "default", slots: 1)),
                ChangePool("nowhere", .init()), DeletePool("default"),
                SubmitRun(.job(JobID(7))), SubmitRun(.definition(refused)),
                SaveScript("No Name", content: Data()), SyncSources(workbench: nil, bucket: nil),
                PlanScript("x.nonsense", content: Data(), dialect: .sqlite),
            ]
            for operation in operations {
                let direct = await #expect(throws: (any Error).self) { _ = try await fixture.direct.perform(operation) }
                let socket = await #expect(throws: (any Error).self) { _ = try await client.perform(operation) }
                let (here, there) = (direct as? any SluiceError, socket as? any SluiceError)
                #expect(here?.code == there?.code && here?.category == there?.category, "\(operation)")
                #expect(here?.description == there?.description, "\(operation)")
                #expect((here as? DefinitionError)?.problems == (there as? DefinitionError)?.problems)
            }
        }
    }

    @Test("A long journal comes in pages and whole")
    func pages() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("lines 2501")
        try await fixture.serving { _ in
            let client = try await fixture.client()
            let run = try await client.perform(SubmitRun(.definition(job)))
            _ = try await fixture.host.engine.wait(for: run.id)
            let attempt = AttemptID(task: TaskRunID(run: run.id, index: 0), number: 1)
            var entries: [JournalEntry] = []
            var position = 0
            while true {
                let stretch = try await client.perform(ReadJournal(attempt, after: position))
                guard stretch.position > position else { break }
                position = stretch.position
                entries += stretch.entries
            }
            let whole = try fixture.host.store.journal(of: attempt, after: 0, limit: .max).entries
            #expect(entries == whole)
            #expect(entries.count == 2_501)
        }
    }

    @Test("Twenty clients ask at the same time, each several things over connections of their own")
    func crowd() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("pass")
        try await fixture.serving { _ in
            let runs = try await withThrowingTaskGroup(of: RunID.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let client = try await fixture.client()
                        let run = try await client.perform(SubmitRun(.definition(job)))
                        async let pools = client.perform(ListPools())
                        async let list = client.perform(ListRuns(limit: 500))
                        let (found, runs) = try await (pools, list)
                        #expect(!found.isEmpty && runs.contains { $0.id == run.id })
                        var seen: Int64 = 0
                        while try await !client.perform(FindRun(run.id)).run.status.isEnded {
                            seen =
                                try await client.perform(FollowEvents(run.id, after: seen, wait: 10)).last?.sequence
                                ?? seen
                        }
                        return run.id
                    }
                }
                return try await group.reduce(into: Set<RunID>()) { $0.insert($1) }
            }
            #expect(runs.count == 20)
        }
    }

    @Test("Whoever waits for an event is told when it comes, and not before")
    func longPoll() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("wait")
        try await fixture.serving { _ in
            let client = try await fixture.client()
            let run = try await client.perform(SubmitRun(.definition(job)))
            await fixture.executor.waitForArrival()
            let before = try await client.perform(FollowEvents(run.id, after: 0, wait: 0))
            let last = try #require(before.last)
            #expect(try await client.perform(FollowEvents(run.id, after: last.sequence, wait: 0.01)).isEmpty)
            async let next = client.perform(FollowEvents(run.id, after: last.sequence, wait: 30))
            fixture.executor.letGo()
            let found = try await next
            #expect(!found.isEmpty)
        }
    }

    @Test("A server that stops takes on nothing, lets what runs end, and answers until then")
    func gracefulEnd() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("wait")
        let run = try await fixture.serving { group in
            let client = try await fixture.client()
            let run = try await client.perform(SubmitRun(.definition(job)))
            await fixture.executor.waitForArrival()
            await group.triggerGracefulShutdown()
            var refusal: RequestError?
            while refusal == nil {
                // There is no such job; once the server stops, that is what it says first.
                do {
                    _ = try await client.perform(SubmitRun(.job(JobID(99))))
                } catch let error as RequestError {
                    refusal = error.code == "server.stopping" ? error : nil
                }
            }
            #expect(refusal?.code == "server.stopping")
            #expect(try await client.perform(FindRun(run.id)).run.status == .running)
            fixture.executor.letGo()
            return run.id
        }
        #expect(try fixture.host.store.run(run)?.run.status == .succeeded)
    }

    @Test("What does not end within the grace time is terminated and recorded")
    func graceTime() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("stay", "pass")
        let run = try await fixture.serving(grace: .milliseconds(50)) { _ in
            let run = try await fixture.client().perform(SubmitRun(.definition(job)))
            await fixture.executor.waitForArrival()
            return run.id
        }
        let state = try #require(try fixture.host.store.run(run))
        #expect(state.tasks[0].state == .terminated)
        #expect(state.run.status == .failed)
    }

    @Test("A client whose server is gone is told so")
    func serverGone() async throws {
        let fixture = try ServerFixture()
        let client = try await fixture.serving { _ in try await fixture.client() }
        let error = await #expect(throws: RequestError.self) { try await client.perform(ListPools()) }
        #expect(error?.code == "server.gone")
        let nobody = try await SocketClient.connect(to: fixture.root, release: "test")
        #expect(nobody == nil, "the socket is taken away")
    }
}
