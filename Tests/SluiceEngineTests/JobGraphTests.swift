import Foundation
import SluiceCore
import SluiceEngine
import SluiceStore
import Testing

/// What the rules of runs lead to in a running engine.
@Suite struct JobGraphTests {
    let fixture = EngineFixture()

    @Test func aFailedTaskIsTriedAgainWhenItsDelayIsOver() async throws {
        var job = try fixture.job([("a", "fail no"), ("b", "")])
        job.tasks[0].retries = RetryPolicy(count: 2, delay: 0.01, jitter: 0)
        let ended = try await fixture.run(job)
        #expect(ended.tasks[0].state == .failed)
        #expect(ended.tasks[0].attempt == 3)
        #expect(ended.tasks[0].history.map(\.number) == [1, 2])
        #expect(fixture.executor.order == ["a", "a", "a"])
    }

    @Test func anAttemptThatTakesTooLongIsEnded() async throws {
        var job = try fixture.job([("a", "stay"), ("b", "")])
        job.tasks[0].limits = TaskLimits(attempt: 0.05)
        let ended = try await fixture.run(job)
        #expect(ended.tasks.map(\.state) == [.timedOut, .notRun])
        #expect(ended.tasks[0].failure?.code == "task.attempt-limit")
        #expect(ended.run.status == .failed)
    }

    @Test func aJobThatTakesTooLongEndsWithItsLastTask() async throws {
        var job = try fixture.job([("a", "stay"), ("tidy", "say tidied")])
        job.finally = job.tasks.removeLast()
        job.timeLimit = 0.05
        let ended = try await fixture.run(job)
        #expect(ended.tasks.map(\.state) == [.timedOut, .succeeded])
        #expect(ended.run.status == .failed)
        #expect(ended.run.reason?.contains("0.05 s") == true)
    }

    @Test func aTaskRunsOverTheListOfAnEarlierOne() async throws {
        var job = try fixture.job([("find", #"value ["x", "y", "z"]"#), ("each", "inputs"), ("after", "inputs")])
        job.tasks[1].forEach = ForEach(list: "find", concurrency: 2)
        let ended = try await fixture.run(job)
        #expect(ended.run.status == .succeeded)
        #expect(ended.tasks.count == 6)
        guard case .array(let values) = ended.tasks[1].value else { throw Missing() }
        #expect(values.count == 3)
        #expect(values[1] == ["find": ["x", "y", "z"], "item": "y", "item_index": 1])
    }

    private struct Missing: Error {}

    @Test func oneTaskCanBeTerminated() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "stay"), ("b", "meet 2")], after: ["b": []])
        let ended = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(2)
            try engine.stopTask(TaskRunID(run: run.id, index: 0), by: "dana")
            return try await engine.wait(for: run.id)
        }
        #expect(ended.tasks.map(\.state) == [.terminated, .succeeded])
        #expect(ended.tasks[0].reason == "terminated by dana")
    }

    @Test func aMendedScriptLetsAFailedRunGoOn() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "value 1"), ("b", "fail no"), ("c", "inputs")])
        let (ended, story) = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            _ = try await engine.wait(for: run.id)
            _ = try fixture.job([("b", "value 2")])
            try await engine.reopen(run.id)
            // From the first event on: the end before is not the end.
            var story: [RunStatus] = []
            for try await event in engine.events(of: run.id) {
                if case .run(let status, _) = event.change { story.append(status) }
            }
            return (try await engine.wait(for: run.id), story)
        }
        #expect(ended.run.status == .succeeded)
        #expect(ended.tasks[2].value == ["a": 1, "b": 2])
        #expect(fixture.executor.order == ["a", "b", "b", "c"])
        #expect(story == [.pending, .running, .failed, .pending, .running, .succeeded])
    }

    @Test func aRunCanBeRepeatedWhole() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "inputs")], parameters: ["day": "monday"])
        let (first, second) = try await withJobEngine(fixture.engine()) { engine in
            let request = RunRequest(
                .definition(job), initiator: "dana", parameters: ["day": "friday"],
                nominalTime: Date(timeIntervalSince1970: 5))
            let first = try await engine.submit(request)
            _ = try await engine.wait(for: first.id)
            let again = try await engine.submit(RunRequest(.run(first.id), trigger: .rerun, initiator: "omar"))
            return (first, try await engine.wait(for: again.id))
        }
        #expect(second.run.rerunOf == first.id)
        #expect(second.run.nominalTime == first.nominalTime)
        #expect(second.run.initiator == "omar")
        #expect(second.tasks[0].value == ["day": "friday"])
    }

    @Test func anEngineThatOnlyPassesLeavesTheRunsOfOthersAlone() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "")])
        let waiting = try await fixture.engine().submit(RunRequest(.definition(job), initiator: "dana"))
        var configuration = EngineConfiguration()
        configuration.isPassing = true
        let own = try await withJobEngine(fixture.engine(configuration)) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            return try await engine.wait(for: run.id)
        }
        #expect(own.run.status == .succeeded)
        #expect(try fixture.store.run(waiting.id)?.run.status == .pending)
        let next = try await withJobEngine(fixture.engine()) { try await $0.wait(for: waiting.id) }
        #expect(next.run.status == .succeeded)
    }

    @Test func whatLivedWithAnEngineThatIsGoneEndsAtTheNextStart() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "")])
        var configuration = EngineConfiguration()
        configuration.isPassing = true
        let orphan = try await fixture.engine(configuration).submit(RunRequest(.definition(job), initiator: "dana"))
        let ended = try await withJobEngine(fixture.engine()) { try await $0.wait(for: orphan.id) }
        #expect(ended.run.status == .failed)
        #expect(ended.run.reason == "terminated by the end of the process that ran it")
    }

    @Test func anEngineThatDrainsStartsNothingAndFinishesWhatRuns() async throws {
        let fixture = fixture
        let job = try fixture.job([("a", "meet 2"), ("b", "")])
        let run = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
            await fixture.executor.waitForArrivals(1)
            engine.drain()
            // The second arrival lets the first task go on to its end.
            await fixture.executor.arrive()
            for try await event in engine.events(of: run.id) {
                if case .task(0, .succeeded, _, _) = event.change { break }
            }
            return run
        }
        let state = try #require(try fixture.store.run(run.id))
        #expect(state.tasks.map(\.state) == [.succeeded, .pending])
        #expect(state.run.status == .running)
    }

    @Test func secretsDoNotReachTheJournal() async throws {
        let job = try fixture.job([("a", "say the word is s3cret and PASSWORD=hunter22\nfail token=abc s3cret")])
        let ended = try await fixture.run(job)
        let journal = try fixture.store.journal(of: try #require(ended.tasks[0].attemptID), after: 0, limit: 10)
        guard case .log(let line) = journal.entries.first else { throw Missing() }
        #expect(!line.text.contains("s3cret"))
        #expect(!line.text.contains("hunter22"))
        #expect(line.text.contains("the word is ***"))
        #expect(ended.tasks[0].failure?.message.contains("s3cret") == false)
    }

    @Test func aListThatAPlaceholderOfAScriptNamesIsKnownBeforeItRuns() async throws {
        var job = try fixture.job([("a", "")])
        job.tasks[0].forEach = ForEach(list: "nowhere")
        await #expect(throws: DefinitionError.self) {
            _ = try await fixture.engine().submit(RunRequest(.definition(job), initiator: "dana"))
        }
    }
}
