import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting
import Testing

@testable import SluiceEngine

@Suite struct SchedulerTests {
    let bench: ScheduleBench
    init() throws { bench = try ScheduleBench() }

    @Test func whatIsDueStartsOnceWithItsNominalTime() async throws {
        let id = try bench.schedule(["cron": "*/15 * * * *", "zone": "UTC"], now: "2026-02-01T12:07:00Z")
        try await bench.settle()
        #expect(try bench.runs() == [])
        try await bench.settle(at: "2026-02-01T12:15:10Z")
        #expect(try bench.runs() == ["2026-02-01T12:15:00Z"])
        let run = try bench.store.runs(RunQuery())[0]
        #expect(run.trigger == .schedule)
        #expect(run.initiator == "schedule")
        try await bench.settle(at: "2026-02-01T12:29:59Z")
        #expect(try bench.runs().count == 1)
        #expect(try bench.outcomes(of: id) == ["12:15 started"])
    }

    @Test func twoSchedulersOnOneStoreStartEachOccurrenceOnce() async throws {
        try bench.schedule(
            ["cron": "* * * * *", "zone": "UTC", "overlap": "allowAll", "catchUp": "all"], now: "2026-02-01T12:00:30Z")
        bench.clock.set(to: try ScheduleBench.date("2026-02-01T12:40:30Z"))
        let bench = bench
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { try await bench.settle() } }
            try await group.waitForAll()
        }
        let runs = try bench.runs()
        #expect(runs.count == 40)
        #expect(Set(runs).count == 40)
    }

    @Test func whatWasPlannedAndNotCommittedStartsOnceAfterTheCrash() async throws {
        let id = try bench.schedule(["cron": "@hourly", "zone": "UTC"], now: "2026-02-01T12:07:00Z")
        bench.clock.set(to: try ScheduleBench.date("2026-02-01T13:00:01Z"))
        let stored = try #require(try bench.store.schedule(id))
        let lost = try await bench.scheduler.turns.decide(about: stored, at: bench.clock.now)
        #expect(lost.starts.count == 1)
        try await bench.settle()
        // The dead engine's transaction reaches the store after all.
        #expect(try bench.store.commit([lost]) == [.stale])
        #expect(try bench.runs() == ["2026-02-01T13:00:00Z"])
    }

    @Test func aTimeThatTheClockSkipsRunsOnceAtTheNextInstant() async throws {
        try bench.schedule(["cron": "30 2 * * *", "zone": "America/New_York"], now: "2026-03-07T12:00:00Z")
        for time in ["2026-03-08T06:59:00Z", "2026-03-08T07:00:05Z", "2026-03-08T07:30:05Z", "2026-03-09T06:30:05Z"] {
            try await bench.settle(at: time)
            try bench.endRuns()
        }
        #expect(try bench.runs() == ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"])
    }

    @Test(arguments: [
        ("skip", ["12:00"]), ("bufferOne", ["12:00", "12:01"]), ("bufferAll", ["12:00", "12:01", "12:02"]),
        ("allowAll", ["12:00", "12:01", "12:02"]), ("cancelOther", ["12:00", "12:01", "12:02"]),
    ])
    func overlapIsHandledAsTheScheduleSays(policy: String, started: [String]) async throws {
        let id = try bench.schedule(
            ["cron": "* * * * *", "zone": "UTC", "overlap": .string(policy)], now: "2026-02-01T11:59:30Z")
        try await bench.settle(at: "2026-02-01T12:00:01Z")
        try await bench.settle(at: "2026-02-01T12:01:01Z")
        let open = try bench.openRuns()
        switch policy {
        case "allowAll": #expect(open == ["12:00", "12:01"])
        case "cancelOther": #expect(open == ["12:01"])
        default: #expect(open == ["12:00"])
        }
        try await bench.settle(at: "2026-02-01T12:02:01Z")
        let outcomes = try bench.outcomes(of: id)
        switch policy {
        case "skip":
            #expect(outcomes == ["12:00 started", "12:01 skipped overlap.skipped", "12:02 skipped overlap.skipped"])
        case "bufferOne":
            #expect(
                outcomes == ["12:00 started", "12:01 waiting overlap.buffered", "12:02 skipped overlap.buffer-full"])
        case "bufferAll":
            #expect(outcomes == ["12:00 started", "12:01 waiting overlap.buffered", "12:02 waiting overlap.buffered"])
        case "allowAll": #expect(outcomes == ["12:00 started", "12:01 started", "12:02 started"])
        default:
            #expect(outcomes == ["12:00 started", "12:01 started", "12:02 started"])
            #expect(try bench.store.runs(RunQuery()).filter { $0.stoppedBy != nil }.count == 2)
        }
        // The end of a run lets the next that waits have its turn, without any time passing.
        for _ in 0..<3 {
            try bench.endRuns()
            try await bench.settle()
        }
        #expect(try bench.runs().map { String($0.dropFirst(11).prefix(5)) } == started)
    }

    @Test(arguments: [
        ("latest", ["2026-02-04T00:00:00Z"], ["02-01 to 02-03 (3) superseded", "02-04 late"]),
        ("none", [], ["02-01 to 02-04 (4) missed.downtime"]),
        (
            "all",
            ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z"],
            ["02-01 late", "02-02 late", "02-03 late", "02-04 late"]
        ),
    ])
    func whatPassedWhileNobodyWasThereIsCaughtUpAsTheScheduleSays(
        catchUp: String, started: [String], rows: [String]
    ) async throws {
        let id = try bench.schedule(
            ["cron": "@daily", "zone": "UTC", "catchUp": .string(catchUp), "overlap": "allowAll"],
            now: "2026-01-31T12:00:00Z")
        try await bench.settle(at: "2026-02-04T08:00:00Z")
        #expect(try bench.runs() == started)
        let records = try bench.store.occurrences(OccurrenceQuery(id)).reversed()
        let texts = records.map { record in
            let (first, last) = (ScheduleBench.day(record.first), ScheduleBench.day(record.last))
            return (record.count == 1 ? first : "\(first) to \(last) (\(record.count))") + " \(record.reason ?? "")"
        }
        #expect(texts == rows)
    }

    @Test func aScheduleWhoseRunsFailPausesItself() async throws {
        let id = try bench.schedule(
            ["cron": "* * * * *", "zone": "UTC", "pauseAfterFailures": 2], now: "2026-02-01T11:59:30Z")
        for minute in 0..<2 {
            try await bench.settle(at: "2026-02-01T12:0\(minute):01Z")
            try bench.endRuns(failing: true)
        }
        try await bench.settle(at: "2026-02-01T12:02:01Z")
        #expect(try bench.store.schedule(id)?.state.pause?.reason == .failures)
        #expect(try bench.outcomes(of: id) == ["12:00 started", "12:01 started", "12:02 skipped paused"])
        // A person lets it go on: what lay in the pause stays undone.
        bench.clock.set(to: try ScheduleBench.date("2026-02-01T12:05:30Z"))
        try bench.store.change(id) { $0.resuming(at: $1, openRuns: 0) }
        try await bench.settle(at: "2026-02-01T12:06:01Z")
        #expect(try bench.runs().last == "2026-02-01T12:06:00Z")
        #expect(try bench.runs().count == 3)
        #expect(try bench.store.schedule(id)?.state.failures == 0)
    }

    @Test func aJobThatCannotRunLeavesItsReasonAndCountsAsAFailure() async throws {
        let draft = try bench.store.save(bench.definition("draft"), as: .draft, owner: "dana", replacing: false)
        let cases: [(JobID, String)] = [(JobID(999), "job.unknown"), (draft.id, "job.draft")]
        for (job, code) in cases {
            let id = try bench.schedule(
                ["cron": "* * * * *", "zone": "UTC", "pauseAfterFailures": 1, "overlap": "bufferAll"], of: job,
                now: "2026-02-01T11:59:30Z")
            try await bench.settle(at: "2026-02-01T12:00:01Z")
            #expect(try bench.outcomes(of: id) == ["12:00 failed \(code)"])
            #expect(try bench.store.schedule(id)?.state.pause?.reason == .failures)
        }
        #expect(try bench.runs() == [])
    }

    @Test func whatWaitsForARunThatCannotBePlannedDoesNotWaitForEver() async throws {
        let id = try bench.schedule(
            ["cron": "* * * * *", "zone": "UTC", "catchUp": "all", "overlap": "bufferAll"], of: JobID(999),
            now: "2026-02-01T11:59:30Z")
        try await bench.settle(at: "2026-02-01T12:02:30Z")
        #expect(
            try bench.outcomes(of: id)
                == ["12:00 failed job.unknown", "12:01 failed job.unknown", "12:02 failed job.unknown"])
    }

    @Test func jitterDelaysTheStartAndNotTheNominalTime() async throws {
        let id = try bench.schedule(["cron": "@hourly", "zone": "UTC", "jitter": 1_800], now: "2026-02-01T12:07:00Z")
        let start = try #require(try bench.store.schedule(id)?.nextCheck)
        #expect(start > (try ScheduleBench.date("2026-02-01T13:00:00Z")))
        bench.clock.set(to: start - 0.5)
        try await bench.settle()
        #expect(try bench.runs() == [])
        bench.clock.set(to: start)
        try await bench.settle()
        #expect(try bench.runs() == ["2026-02-01T13:00:00Z"])
    }

    @Test func aBackfillRunsThePastAFewAtATimeAndNothingTwice() async throws {
        let id = try bench.schedule(["cron": "@hourly", "zone": "UTC"], now: "2026-02-01T12:07:00Z")
        try await bench.settle(at: "2026-02-01T13:00:01Z")
        try bench.endRuns()
        let (from, through) = (
            try ScheduleBench.date("2026-02-01T09:00:00Z"), try ScheduleBench.date("2026-02-01T13:00:00Z")
        )
        try bench.store.change(id) {
            $0.backfilling(from: from, through: through, concurrency: 2, by: "eli", at: $1)
        }
        var waves: [[String]] = []
        for _ in 0..<4 {
            try await bench.settle()
            waves.append(try bench.openRuns())
            try bench.endRuns()
        }
        #expect(waves == [["09:00", "10:00"], ["11:00", "12:00"], [], []])
        #expect(try bench.store.schedule(id)?.backfills == [])
        let run = try bench.store.runs(RunQuery())[0]
        #expect(run.trigger == .backfill)
        #expect(run.initiator == "eli")
    }

    @Test func aJobRunsAfterAnotherOne() async throws {
        let other = try bench.store.save(bench.definition("other"), as: .saved, owner: "dana", replacing: false)
        let added = try bench.store.addSchedule(.job(.init(bench.job, on: .success)), of: other.id, owner: "dana")
        try bench.schedule(["cron": "@hourly", "zone": "UTC"], now: "2026-02-01T12:07:00Z")
        try await bench.settle(at: "2026-02-01T13:00:01Z")
        try bench.endRuns()
        try await bench.settle()
        let run = try bench.store.runs(RunQuery())[0]
        #expect(run.job?.job == other.id)
        #expect(run.trigger == .event)
        let record = try #require(try bench.store.occurrences(OccurrenceQuery(added.id)).first)
        #expect(record.outcome == .started)
        #expect(record.detail == "run 1 of 'job' succeeded")
    }

    @Test func anEngineFollowsSchedulesByItselfAndAPassingOneDoesNot() async throws {
        let fixture = EngineFixture()
        let job = try fixture.store.save(try fixture.job([("a", "")]), as: .saved, owner: "dana", replacing: false)
        let past = Date().addingTimeInterval(-86_400 * 30)
        let cron = try Schedule(json: ["cron": "* * * * *", "zone": "UTC"])
        let added = try fixture.store.addSchedule(.time(cron), of: job.id, owner: "dana")
        try fixture.store.change(added.id) { schedule, now in
            var step = ScheduleStep(schedule)
            step.schedule.state.handledThrough = past
            step.schedule.nextCheck = past
            return step
        }
        var passing = EngineConfiguration()
        passing.isPassing = true
        try await withJobEngine(fixture.engine(passing)) { engine in
            let run = try await engine.submit(RunRequest(.job(job.id), initiator: "dana"))
            _ = try await engine.wait(for: run.id)
        }
        #expect(try fixture.store.runs(RunQuery()).map(\.trigger) == [.manual])
        let store = fixture.store
        let ended = try await withJobEngine(fixture.engine()) { engine in
            let signals = store.signals()
            var next = signals.makeAsyncIterator()
            while true {
                if let run = try store.runs(RunQuery()).first(where: { $0.trigger == .schedule }) {
                    return try await engine.wait(for: run.id)
                }
                guard await next.next() != nil else { throw CancellationError() }
            }
        }
        #expect(ended.run.status == .succeeded)
    }
}
