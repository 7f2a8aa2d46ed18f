import Foundation
import Sluice
import Testing

@Suite struct ScheduleCommandTests {
    private static func withJob(_ body: (CommandLine) async throws -> Void) async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "SELECT 1;")])
        try sluice.run("job", "import", "--save", job)
        try await body(sluice)
    }

    @Test func previewNeedsNeitherJobNorFolder() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let result = try sluice.run(
            "schedule", "preview", "--cron", "30 2 * * *", "--zone", "America/New_York", "--from",
            "2026-03-07T00:00:00Z", "--count", "5", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let occurrences = try result.document["occurrences"]
        let expected = [
            ("2026-03-07T07:30:00.000Z", "2026-03-07T02:30:00-05:00", "regular"),
            ("2026-03-08T07:00:00.000Z", "2026-03-08T03:00:00-04:00", "gapMoved"),
            ("2026-03-09T06:30:00.000Z", "2026-03-09T02:30:00-04:00", "regular"),
            ("2026-03-10T06:30:00.000Z", "2026-03-10T02:30:00-04:00", "regular"),
            ("2026-03-11T06:30:00.000Z", "2026-03-11T02:30:00-04:00", "regular"),
        ]
        for (index, (nominal, local, mark)) in expected.enumerated() {
            #expect(occurrences?[index]?["nominal"]?.text == nominal)
            #expect(occurrences?[index]?["local"]?.text == local)
            #expect(occurrences?[index]?["mark"]?.text == mark)
        }
        #expect(occurrences?[5] == nil)
        #expect(!FileManager.default.fileExists(atPath: sluice.data.path))
        let people = try sluice.run(
            "schedule", "preview", "--every", "2", "hours", "--zone", "Europe/Berlin", "--from", "2026-03-29T00:00",
            "--count", "3")
        #expect(people.status == 0, "\(people.errors)")
        #expect(people.output.contains("2026-03-29T05:00:00+02:00"), "\(people.output)")
    }

    @Test(arguments: [
        (["preview"], "--cron"), (["preview", "--cron", "61 * * * *", "--zone", "UTC"], "minute"),
        (["preview", "--cron", "@daily", "--zone", "Europe/Berln"], "Europe/Berlin"),
        (["preview", "--cron", "@daily"], "time zone"), (["preview", "Nobody"], "no job"),
        (["set", "Job", "--zone", "UTC"], "--at"), (["set", "Job", "--at", "2020-01-01", "--zone", "UTC"], "passed"),
        (["set", "Job", "--cron", "@daily", "--zone", "UTC", "--overlap", "sometimes"], "bufferOne"),
        (["set", "Job", "--after", "Job"], "never come to rest"), (["pause", "Job"], "no schedule"),
        (["backfill", "Job", "--from", "2026-01-01", "--to", "2026-01-02"], "no schedule"),
    ])
    func badInputIsRefusedWithAdvice(arguments: [String], advice: String) async throws {
        try await Self.withJob { sluice in
            let result = try sluice.start(["schedule"] + arguments).wait()
            #expect(result.status == 2)
            #expect(result.errors.contains(advice), "\(arguments): \(result.errors)")
        }
    }

    @Test func aScheduleIsSetListedPausedAndDeleted() async throws {
        try await Self.withJob { sluice in
            let set = try sluice.run(
                "schedule", "set", "Job", "--cron", "30 2 * * *", "--zone", "Europe/Berlin", "--overlap", "buffer-one",
                "--catch-up", "all", "--pause-after", "3")
            #expect(set.status == 0, "\(set.errors)")
            let words = "'Job' runs at 02:30 every day, Europe/Berlin: schedule 1. 'sluice serve' starts it. Next: "
            #expect(set.output.contains(words), "\(set.output)")
            let again = try sluice.run(
                "schedule", "set", "Job", "--every", "15", "minutes", "--from", "2026-01-01",
                "--zone", "UTC")
            #expect(again.output.contains("every 15 minutes, UTC: schedule 1"), "\(again.output)\(again.errors)")
            try sluice.run("schedule", "set", "Job", "--cron", "@daily", "--zone", "UTC", "--add")
            let several = try sluice.run("schedule", "delete", "Job")
            #expect(several.status == 2)
            #expect(several.errors.contains("--schedule"))
            #expect(try sluice.run("schedule", "pause", "Job", "--schedule", "2").status == 0)
            let list = try sluice.run("schedule", "list").output
            #expect(list.contains("paused by"))
            #expect(list.contains("active"))
            #expect(try sluice.run("schedule", "resume", "Job").status == 0)
            #expect(try !sluice.run("schedule", "list").output.contains("paused"))
            #expect(try sluice.run("schedule", "delete", "Job", "--schedule", "1").status == 0)
            let document = try sluice.run("schedule", "list", "--json").document
            #expect(document["schedules"]?[0]?["id"] == 2)
            #expect(document["schedules"]?[1] == nil)
        }
    }

    @Test func aBackfillListsWhatItWouldRunAndThenRunsIt() async throws {
        try await Self.withJob { sluice in
            try sluice.run("schedule", "set", "Job", "--cron", "@daily", "--zone", "UTC")
            let range = ["--from", "2026-01-01", "--to", "2026-01-03"]
            let dry = try sluice.start(["schedule", "backfill", "Job", "--dry-run"] + range).wait()
            #expect(dry.status == 0, "\(dry.errors)")
            #expect(dry.output.split(separator: "\n").count == 4, "\(dry.output)")
            #expect(try sluice.run("runs", "--json").document["runs"]?[0] == nil)
            #expect(try sluice.start(["schedule", "backfill", "Job"] + range).wait().status == 0)
            let server = try await Server(sluice)
            while try Self.ended(sluice).count < 3 { await Task.yield() }
            #expect(try server.stop().status == 0)
            #expect(try Self.ended(sluice).sorted() == (1...3).map { "2026-01-0\($0)T00:00:00.000Z" })
        }
    }

    /// The nominal times of the runs that have succeeded.
    private static func ended(_ sluice: CommandLine) throws -> [String] {
        guard case .array(let runs)? = try sluice.run("runs", "--json").document["runs"] else { return [] }
        return runs.filter { $0["status"] == "succeeded" }.compactMap { $0["nominalTime"]?.text }
    }

    /// Sets a schedule for a moment ahead, further ahead when this machine was too slow to set it before that.
    private static func setSoon(_ sluice: CommandLine) throws -> Date {
        var lead = 1.0
        while true {
            let moment = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + lead).rounded(.up))
            let text = String(moment.formatted(Date.ISO8601FormatStyle()).dropLast())
            let set = try sluice.run("schedule", "set", "Job", "--at", text, "--zone", "UTC", "--add")
            if set.status == 0 { return moment }
            try #require(set.errors.contains("passed"), "\(set.errors)")
            lead *= 2
        }
    }

    @Test func aServerStartsWhatIsDueAndCatchesUpWhatPassedWhileItWasDown() async throws {
        try await Self.withJob { sluice in
            let server = try await Server(sluice)
            let soon = try Self.setSoon(sluice).formatted(Date.ISO8601FormatStyle())
            while try Self.ended(sluice).isEmpty { await Task.yield() }
            #expect(try Self.ended(sluice) == ["\(soon.dropLast()).000Z"])
            #expect(try server.stop().status == 0)

            // Set without a server, and passed before there is one.
            let later = try Self.setSoon(sluice)
            while Date() < later { await Task.yield() }
            #expect(try Self.ended(sluice).count == 1)
            let next = try await Server(sluice)
            while try Self.ended(sluice).count < 2 { await Task.yield() }
            let shown = try sluice.run("schedule", "show", "Job")
            #expect(shown.output.contains("Success"), "\(shown.output)")
            #expect(try next.stop().status == 0)
            #expect(try Self.ended(sluice).count == 2)
        }
    }
}
