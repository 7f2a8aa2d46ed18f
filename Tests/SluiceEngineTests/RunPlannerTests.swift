import Foundation
import SluiceCore
import SluiceEngine
import SluiceStore
import Testing

@Suite struct RunPlannerTests {
    let fixture = EngineFixture()

    private func refusal(_ job: JobDefinition) async throws -> DefinitionError {
        let engine = fixture.engine()
        let error = try await #require(throws: DefinitionError.self) {
            try await engine.submit(RunRequest(.definition(job), initiator: "dana"))
        }
        #expect(try fixture.store.runs(RunQuery()).isEmpty, "a refused run leaves no trace")
        return error
    }

    @Test func anUnknownScriptIsNamedWithTheNearestOne() async throws {
        var job = try fixture.job([("clean_flights", "")])
        job.tasks[0].script = "clean_flight.scripted"
        let error = try await refusal(job)
        #expect(error.code == "task.unknown-script")
        #expect(error.problems[0].path == "tasks[0].script")
        #expect(error.message.contains("'clean_flights.scripted'"))
    }

    @Test func anEmptyCatalogueSaysHowToFillIt() async throws {
        let error = try await refusal(
            JobDefinition(name: "j", tasks: [TaskDefinition(name: "a", script: "a.scripted")]))
        #expect(error.message.contains("sync"))
    }

    @Test func anUnknownKindListsTheKnownOnes() async throws {
        var job = try fixture.job([("a", "")])
        job.tasks[0].kind = ScriptKind("cobol")
        let error = try await refusal(job)
        #expect(error.code == "task.unknown-kind")
        #expect(error.message.contains("Known kinds: scripted"))
    }

    @Test func anUnknownPoolListsThePools() async throws {
        var job = try fixture.job([("a", "")])
        job.tasks[0].pool = "etl"
        let error = try await refusal(job)
        #expect(error.code == "task.unknown-pool")
        #expect(error.problems[0].path == "tasks[0].pool")
        #expect(error.message.contains("default"))
    }

    @Test func aPoolThatAScriptEntersLaterMustExistToo() async throws {
        let error = try await refusal(try fixture.job([("a", "enter etl")]))
        #expect(error.code == "task.unknown-pool")
        #expect(error.problems[0].path == "tasks[0].script")
    }

    @Test func theScriptsOwnPoolGoesOverTheTasks() async throws {
        try fixture.store.save(Pool(name: "etl", slots: 1))
        var job = try fixture.job([("a", "pool etl")])
        job.tasks[0].pool = "default"
        #expect(try await fixture.run(job).tasks[0].pinned.target.pool == "etl")
    }

    @Test func allProblemsOfAllTasksAreNamedAtOnce() async throws {
        var job = try fixture.job([("a", "refuse"), ("b", ""), ("c", "refuse")])
        job.tasks[1].script = "nope.scripted"
        let error = try await refusal(job)
        #expect(error.problems.map(\.code) == ["scripted.refused", "task.unknown-script", "scripted.refused"])
        #expect(error.problems.map(\.path) == ["tasks[0].script", "tasks[1].script", "tasks[2].script"])
    }

    @Test func cyclesAreRefusedBeforeAnythingIsRead() async throws {
        let job = try fixture.job([("a", ""), ("b", "")], after: ["a": ["b"]])
        #expect(try await refusal(job).code == "job.cycle")
    }

    @Test func draftsDoNotRun() async throws {
        let draft = try fixture.store.save(
            try fixture.job([("a", "")]), as: .draft, owner: "dana", replacing: false)
        let engine = fixture.engine()
        let error = try await #require(throws: EngineError.self) {
            try await engine.submit(RunRequest(.job(draft.id), initiator: "dana"))
        }
        #expect(error.code == "job.draft")
    }

    @Test func aSavedJobRunsAtItsNewestVersion() async throws {
        let store = fixture.store
        _ = try store.save(try fixture.job([("a", "value 1")]), as: .saved, owner: "dana", replacing: false)
        let job = try store.save(try fixture.job([("b", "value 2")]), as: .saved, owner: "dana", replacing: true)
        let ended = try await withJobEngine(fixture.engine()) { engine in
            let run = try await engine.submit(RunRequest(.job(job.id), initiator: "dana"))
            return try await engine.wait(for: run.id)
        }
        #expect(ended.run.job == JobVersion(job: job.id, version: 2))
        #expect(ended.tasks[0].value == 2)
    }

    @Test func undeclaredParametersAreRefused() async throws {
        let job = try fixture.job([("a", "")], parameters: ["day": "monday"])
        let engine = fixture.engine()
        let error = try await #require(throws: DefinitionError.self) {
            try await engine.submit(RunRequest(.definition(job), initiator: "dana", parameters: ["dya": 1]))
        }
        #expect(error.code == "parameter.unknown")
    }
}
