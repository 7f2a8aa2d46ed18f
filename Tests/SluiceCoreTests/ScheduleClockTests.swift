import Foundation
import SluiceCore
import Testing

@Suite("Schedules where clocks change")
struct ScheduleClockTests {
    struct Case: CustomTestStringConvertible, Sendable {
        /// A cron expression, or an interval with its first time: `1 day from 2026-03-07T02:30`.
        var timing: String
        var zone: String
        var from: String
        /// Local times with their offset and what the clocks did.
        var times: [String]
        var testDescription: String { "\(timing) \(zone) \(from)" }

        init(_ timing: String, _ zone: String, _ from: String, _ times: [String]) {
            self.timing = timing
            self.zone = zone
            self.from = from
            self.times = times
        }

        func schedule() throws -> Schedule {
            let parts = timing.components(separatedBy: " from ")
            if parts.count == 2 {
                return Schedule(
                    .every(try #require(Schedule.Interval(parts[0])), from: try #require(LocalDateTime(parts[1]))),
                    zone: try ScheduleZone(zone))
            }
            if timing.hasPrefix("once ") {
                return Schedule(
                    .once(try #require(LocalDateTime(String(timing.dropFirst(5))))), zone: try ScheduleZone(zone))
            }
            return try ScheduleFixture.cron(timing, zone)
        }
    }

    private func check(_ example: Case) throws {
        let found = try example.schedule().occurrences(
            from: ScheduleFixture.date(example.from), count: example.times.count)
        let told = found.map { $0.mark == .regular ? $0.localText : "\($0.localText) \($0.mark)" }
        #expect(told == example.times)
    }

    @Test(
        "A time that the clock skips runs once, at the first instant behind the gap",
        arguments: [
            Case(
                "30 2 * * *", "America/New_York", "2026-03-07T00:00:00Z",
                ["2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00 gapMoved", "2026-03-09T02:30:00-04:00"]),
            Case(
                "0 3 * * *", "America/New_York", "2026-03-08T00:00:00Z",
                ["2026-03-08T03:00:00-04:00", "2026-03-09T03:00:00-04:00"]),
            Case(
                "0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                ["2026-03-29T03:00:00+02:00 gapMoved", "2026-03-30T02:00:00+02:00"]),
            // Half an hour.
            Case(
                "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
                ["2026-10-04T02:30:00+11:00 gapMoved", "2026-10-05T02:15:00+11:00"]),
            // Clocks that change at midnight.
            Case(
                "@daily", "America/Santiago", "2026-09-05T12:00:00Z",
                ["2026-09-06T01:00:00-03:00 gapMoved", "2026-09-07T00:00:00-03:00"]),
            Case(
                "30 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z",
                ["2026-03-29T01:00:00+03:00 gapMoved", "2026-03-30T00:30:00+03:00"]),
            Case(
                "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z",
                ["2018-11-04T01:00:00-02:00 gapMoved", "2018-11-05T00:00:00-02:00"]),
            Case(
                "30 0 * * FRI", "Africa/Cairo", "2026-04-20T00:00:00Z",
                ["2026-04-24T01:00:00+03:00 gapMoved", "2026-05-01T00:30:00+03:00"]),
            // A day that never was.
            Case(
                "30 2 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
                [
                    "2011-12-29T02:30:00-10:00", "2011-12-31T00:00:00+14:00 gapMoved", "2011-12-31T02:30:00+14:00",
                ]),
            // No change at all any more, and a quarter of an hour once: 1986 in Nepal.
            Case(
                "5 0 1 1 *", "Asia/Kathmandu", "1985-06-01T00:00:00Z",
                ["1986-01-01T00:15:00+05:45 gapMoved", "1987-01-01T00:05:00+05:45"]),
            Case("30 2 * * *", "Asia/Kathmandu", "2026-03-08T00:00:00Z", ["2026-03-09T02:30:00+05:45"]),
            Case(
                "once 2026-03-08T02:30", "America/New_York", "2026-01-01T00:00:00Z",
                ["2026-03-08T03:00:00-04:00 gapMoved"]),
            Case(
                "1 day from 2026-03-07T02:30", "America/New_York", "2026-03-07T00:00:00Z",
                ["2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00 gapMoved", "2026-03-09T02:30:00-04:00"]),
            Case(
                "2 days from 2026-03-06T02:30:10", "America/New_York", "2026-03-07T00:00:00Z",
                ["2026-03-08T03:00:00-04:00 gapMoved", "2026-03-10T02:30:10-04:00"]),
        ])
    func gaps(_ example: Case) throws { try check(example) }

    @Test("The time that was asked for is told beside the one that ran")
    func intended() throws {
        let schedule = try ScheduleFixture.cron("30 2 * * *", "America/New_York")
        let found = try #require(schedule.next(after: ScheduleFixture.date("2026-03-08T06:00:00Z")))
        #expect(found.nominal == (try ScheduleFixture.date("2026-03-08T07:00:00Z")))
        #expect(found.intended.description == "2026-03-08T02:30")
        #expect(found.local.description == "2026-03-08T03:00")
        #expect(found.offset == -4 * 3_600)
    }

    @Test(
        "Several times that fall on one instant because of a gap are one occurrence",
        arguments: [
            Case(
                "*/15 2 * * *", "America/New_York", "2026-03-08T00:00:00Z",
                ["2026-03-08T03:00:00-04:00 gapMoved", "2026-03-09T02:00:00-04:00"]),
            Case(
                "*/30 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
                [
                    "2026-03-08T01:00:00-05:00", "2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00",
                    "2026-03-08T03:30:00-04:00",
                ]),
            // A skipped time of an hourly pattern is not lost either.
            Case(
                "30 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
                ["2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00 gapMoved", "2026-03-08T03:30:00-04:00"]),
            Case(
                "@daily", "Pacific/Apia", "2011-12-29T09:00:00Z",
                ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"]
            ),
        ])
    func merged(_ example: Case) throws { try check(example) }

    @Test("A daily interval over a day that never was has one occurrence for both days")
    func mergedInterval() throws {
        let schedule = try ScheduleFixture.every(1, .days, from: "2011-12-28T00:00", "Pacific/Apia")
        let found = schedule.occurrences(from: .distantPast, count: 5)
        #expect(
            found.map(\.localText) == [
                "2011-12-28T00:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00",
                "2012-01-01T00:00:00+14:00", "2012-01-02T00:00:00+14:00",
            ])
        let last = try #require(found.last).nominal
        #expect(schedule.count(after: .distantPast, through: last) == 5)
        #expect(schedule.previous(atOrBefore: found[2].nominal.addingTimeInterval(10)) == found[2])
    }

    @Test(
        "A time that the clock shows twice runs in the first pass, once a day",
        arguments: [
            Case(
                "30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z",
                ["2026-11-01T01:30:00-04:00 firstPass", "2026-11-02T01:30:00-05:00"]),
            Case(
                "30 2 * * SUN", "Europe/Berlin", "2026-10-24T00:00:00Z",
                ["2026-10-25T02:30:00+02:00 firstPass", "2026-11-01T02:30:00+01:00"]),
            Case(
                "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z",
                ["2026-04-05T01:45:00+11:00 firstPass", "2026-04-06T01:45:00+10:30"]),
            // Half past one is before Lord Howe's half hour, two is behind it.
            Case("15 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", ["2026-04-05T01:15:00+11:00"]),
            Case("0 2 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", ["2026-04-05T02:00:00+10:30"]),
            Case(
                "30 23 * * *", "Africa/Cairo", "2026-10-29T00:00:00Z",
                ["2026-10-29T23:30:00+03:00 firstPass", "2026-10-30T23:30:00+02:00"]),
            Case(
                "30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z",
                ["2018-02-17T23:30:00-02:00 firstPass", "2018-02-18T23:30:00-03:00"]),
            Case("@daily", "America/Sao_Paulo", "2018-02-17T12:00:00Z", ["2018-02-18T00:00:00-03:00"]),
            Case(
                "once 2026-11-01T01:30", "America/New_York", "2026-01-01T00:00:00Z",
                ["2026-11-01T01:30:00-04:00 firstPass"]),
            Case(
                "1 day from 2026-10-31T01:30", "America/New_York", "2026-10-31T00:00:00Z",
                ["2026-10-31T01:30:00-04:00", "2026-11-01T01:30:00-04:00 firstPass", "2026-11-02T01:30:00-05:00"]),
        ])
    func repeatedDaily(_ example: Case) throws { try check(example) }

    @Test(
        "A pattern of several times a day runs in both passes, however it is spelt",
        arguments: [
            Case(
                "@hourly", "America/New_York", "2026-11-01T04:00:00Z",
                [
                    "2026-11-01T00:00:00-04:00", "2026-11-01T01:00:00-04:00 firstPass",
                    "2026-11-01T01:00:00-05:00 secondPass", "2026-11-01T02:00:00-05:00",
                ]),
            Case(
                "*/30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z",
                [
                    "2026-11-01T01:00:00-04:00 firstPass", "2026-11-01T01:30:00-04:00 firstPass",
                    "2026-11-01T01:00:00-05:00 secondPass", "2026-11-01T01:30:00-05:00 secondPass",
                ]),
            Case(
                "0,30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z",
                [
                    "2026-11-01T01:00:00-04:00 firstPass", "2026-11-01T01:30:00-04:00 firstPass",
                    "2026-11-01T01:00:00-05:00 secondPass", "2026-11-01T01:30:00-05:00 secondPass",
                ]),
            Case(
                "*/20 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30:00Z",
                [
                    "2026-04-05T01:40:00+11:00 firstPass", "2026-04-05T01:40:00+10:30 secondPass",
                    "2026-04-05T02:00:00+10:30",
                ]),
        ])
    func repeatedSubDaily(_ example: Case) throws { try check(example) }

    @Test(
        "An interval of minutes or hours is elapsed time, whatever the clock shows",
        arguments: [
            Case(
                "1 hour from 2026-03-08T00:30", "America/New_York", "2026-03-08T05:00:00Z",
                ["2026-03-08T00:30:00-05:00", "2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"]),
            Case(
                "40 minutes from 2026-11-01T01:00", "America/New_York", "2026-11-01T00:00:00Z",
                [
                    "2026-11-01T01:00:00-04:00 firstPass", "2026-11-01T01:40:00-04:00 firstPass",
                    "2026-11-01T01:20:00-05:00 secondPass", "2026-11-01T02:00:00-05:00",
                ]),
            Case(
                "24 hours from 2026-03-07T02:30", "America/New_York", "2026-03-07T00:00:00Z",
                ["2026-03-07T02:30:00-05:00", "2026-03-08T03:30:00-04:00", "2026-03-09T03:30:00-04:00"]),
            // A first time that the clock skips begins the grid behind the gap.
            Case(
                "12 hours from 2026-03-08T02:30", "America/New_York", "2026-03-07T00:00:00Z",
                ["2026-03-08T03:00:00-04:00 gapMoved", "2026-03-08T15:00:00-04:00"]),
        ])
    func elapsed(_ example: Case) throws { try check(example) }

    @Test("The grid follows from its first time, never from the present")
    func fixedGrid() throws {
        let schedule = try ScheduleFixture.every(7, .minutes, from: "2026-01-01T00:00")
        for second in stride(from: 0, to: 3_600, by: 13) {
            let now = try ScheduleFixture.date("2026-02-03T04:00:00Z").addingTimeInterval(Double(second) + 0.4)
            let next = try #require(schedule.next(after: now)).nominal
            #expect(next > now)
            #expect(next.timeIntervalSince(now) <= 420)
            #expect((try Int(next.timeIntervalSince(ScheduleFixture.date("2026-01-01T00:00:00Z")))) % 420 == 0)
        }
    }

    @Test("Start and end are local times, both included, and do not shift the grid")
    func bounds() throws {
        var schedule = try ScheduleFixture.every(2, .days, from: "2026-03-01T12:00", "Europe/Berlin")
        schedule.start = LocalDateTime("2026-03-04")
        schedule.end = LocalDateTime("2026-03-07T12:00")
        #expect(
            ScheduleFixture.local(schedule.occurrences(from: .distantPast, count: 9)) == [
                "2026-03-05T12:00", "2026-03-07T12:00",
            ])
        #expect(schedule.previous(atOrBefore: .distantFuture)?.local.description == "2026-03-07T12:00")
        #expect(schedule.count(after: .distantPast, through: .distantFuture) == 2)
        #expect(schedule.next(after: .distantFuture) == nil)
        // The end of an hour that comes twice is its second pass.
        var hourly = try ScheduleFixture.cron("@hourly", "Europe/Berlin")
        hourly.end = LocalDateTime("2026-10-25T02:00")
        #expect(hourly.previous(atOrBefore: .distantFuture)?.localText == "2026-10-25T02:00:00+01:00")
    }

    @Test("Jitter delays the start, is the same each time, spreads, and leaves the nominal time alone")
    func jitter() throws {
        var schedule = try ScheduleFixture.cron("@hourly")
        let nominal = try ScheduleFixture.date("2026-03-08T07:00:00Z")
        #expect(schedule.startTime(of: nominal, id: "a") == nominal)
        schedule.jitter = 100
        let delays = (0..<1_000).map { schedule.startTime(of: nominal, id: "job-\($0)").timeIntervalSince(nominal) }
        #expect(delays.allSatisfy { (0...100).contains($0) })
        for tenth in 0..<10 {
            let share = delays.filter { (Double(tenth * 10)..<Double(tenth * 10 + 10)).contains($0) }.count
            #expect((60...140).contains(share))
        }
        // Written down, because it may never change: a restart must find the same delay.
        #expect(Int((delays[0] * 1_000).rounded()) == 67_662)
    }

    @Test("A backfill lists a past range with both ends, up to its limit, and counts the rest")
    func backfill() throws {
        var schedule = try ScheduleFixture.cron("0 * * * *")
        schedule.start = LocalDateTime("2026-06-01")
        let from = try ScheduleFixture.date("2026-03-01T00:00:00Z")
        let through = try ScheduleFixture.date("2026-03-02T00:00:00Z")
        let all = schedule.backfill(from: from, through: through)
        #expect(all.total == 25)
        #expect(!all.isCut)
        #expect(all.occurrences.first?.nominal == from)
        #expect(all.occurrences.last?.nominal == through)
        let some = schedule.backfill(from: from, through: through, limit: 3)
        #expect(some.occurrences == Array(all.occurrences.prefix(3)))
        #expect(some.total == 25)
        #expect(some.isCut)
        #expect(schedule.backfill(from: through, through: from).total == 0)
    }
}
