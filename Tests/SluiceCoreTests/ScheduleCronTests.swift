import Foundation
import SluiceCore
import Testing

/// What the schedule tests share.
enum ScheduleFixture {
    static let iso = Date.ISO8601FormatStyle()

    static func date(_ text: String) throws -> Date { try iso.parse(text) }

    static func cron(_ text: String, _ zone: String = "UTC") throws -> Schedule {
        Schedule(.cron(try CronExpression(text)), zone: try ScheduleZone(zone))
    }

    static func every(
        _ count: Int, _ unit: Schedule.Interval.Unit, from: String, _ zone: String = "UTC"
    ) throws -> Schedule {
        Schedule(
            .every(.init(count, unit), from: try #require(LocalDateTime(from))), zone: try ScheduleZone(zone))
    }

    static func local(_ occurrences: [Occurrence]) -> [String] { occurrences.map(\.local.description) }
}

@Suite("Cron expressions")
struct ScheduleCronTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var cron: String
        var from = "2026-01-01T00:00:00Z"
        var times: [String]
        var testDescription: String { cron }
    }

    @Test(
        "Fields, lists, ranges, steps, names, L and # mean what crontab(5) and Quartz say",
        arguments: [
            Case(cron: "*/15 * * * *", times: ["2026-01-01T00:00", "2026-01-01T00:15", "2026-01-01T00:30"]),
            Case(cron: "5/20 3 * * *", times: ["2026-01-01T03:05", "2026-01-01T03:25", "2026-01-01T03:45"]),
            Case(cron: "10-40/15 0 * * *", times: ["2026-01-01T00:10", "2026-01-01T00:25", "2026-01-01T00:40"]),
            Case(
                cron: "0 9-17/4,22 * * *",
                times: ["2026-01-01T09:00", "2026-01-01T13:00", "2026-01-01T17:00", "2026-01-01T22:00"]),
            Case(cron: "0 12 * FEB,apr 1", times: ["2026-02-02T12:00", "2026-02-09T12:00"]),
            Case(
                cron: "30 2 * * mon-fri", from: "2026-01-02T03:00:00Z", times: ["2026-01-05T02:30", "2026-01-06T02:30"]),
            Case(cron: "0 0 * * 0", times: ["2026-01-04T00:00", "2026-01-11T00:00"]),
            Case(cron: "0 0 * * 7", times: ["2026-01-04T00:00", "2026-01-11T00:00"]),
            Case(
                cron: "0 0 * * 5-7",
                times: ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00", "2026-01-09T00:00"]),
            Case(cron: "0 0 * * FRI-SUN", times: ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"]),
            Case(
                cron: "0 0 L * *", from: "2028-01-15T00:00:00Z",
                times: ["2028-01-31T00:00", "2028-02-29T00:00", "2028-03-31T00:00"]),
            Case(
                cron: "0 0 15,L * *",
                times: ["2026-01-15T00:00", "2026-01-31T00:00", "2026-02-15T00:00", "2026-02-28T00:00"]),
            Case(cron: "0 0 * * 5L", times: ["2026-01-30T00:00", "2026-02-27T00:00", "2026-03-27T00:00"]),
            Case(cron: "0 0 * * FRIL", times: ["2026-01-30T00:00", "2026-02-27T00:00"]),
            Case(cron: "0 0 * * 1#2", times: ["2026-01-12T00:00", "2026-02-09T00:00", "2026-03-09T00:00"]),
            Case(cron: "0 0 * * MON#1,MON#3", times: ["2026-01-05T00:00", "2026-01-19T00:00", "2026-02-02T00:00"]),
            Case(cron: "0 0 * * 4#5", times: ["2026-01-29T00:00", "2026-04-30T00:00", "2026-07-30T00:00"]),
            Case(cron: "0 0 ? * ?", times: ["2026-01-01T00:00", "2026-01-02T00:00"]),
            Case(cron: "0 0 29 2 *", times: ["2028-02-29T00:00", "2032-02-29T00:00"]),
            Case(cron: "0 0 29 2 *", from: "2097-01-01T00:00:00Z", times: ["2104-02-29T00:00"]),
            Case(cron: "0 0 31 * *", times: ["2026-01-31T00:00", "2026-03-31T00:00", "2026-05-31T00:00"]),
            Case(cron: "@hourly", times: ["2026-01-01T00:00", "2026-01-01T01:00"]),
            Case(cron: "@daily", times: ["2026-01-01T00:00", "2026-01-02T00:00"]),
            Case(cron: "@midnight", times: ["2026-01-01T00:00", "2026-01-02T00:00"]),
            Case(cron: "@weekly", times: ["2026-01-04T00:00", "2026-01-11T00:00"]),
            Case(cron: "@monthly", times: ["2026-01-01T00:00", "2026-02-01T00:00"]),
            Case(cron: "@yearly", times: ["2026-01-01T00:00", "2027-01-01T00:00"]),
            Case(cron: "@Annually", times: ["2026-01-01T00:00", "2027-01-01T00:00"]),
        ])
    func meaning(_ example: Case) throws {
        let schedule = try ScheduleFixture.cron(example.cron)
        let found = schedule.occurrences(from: try ScheduleFixture.date(example.from), count: example.times.count)
        #expect(ScheduleFixture.local(found) == example.times)
    }

    @Test(
        "With both day fields set either matches, unless one begins with a star: then both must",
        arguments: [
            // The 13th, and each Friday.
            Case(
                cron: "0 0 13 * FRI",
                times: ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00", "2026-01-16T00:00"]),
            // Odd days that are Mondays.
            Case(cron: "0 0 */2 * MON", times: ["2026-01-05T00:00", "2026-01-19T00:00", "2026-02-09T00:00"]),
            // The first, if it is a Sunday, Tuesday, Thursday or Saturday.
            Case(
                cron: "0 0 1 * */2",
                times: ["2026-01-01T00:00", "2026-02-01T00:00", "2026-03-01T00:00", "2026-08-01T00:00"]),
            Case(cron: "0 0 1 * ?", times: ["2026-01-01T00:00", "2026-02-01T00:00"]),
            // No star, so either: every day.
            Case(cron: "0 0 1 * 0-6", times: ["2026-01-01T00:00", "2026-01-02T00:00"]),
            Case(
                cron: "0 0 L * 1#1",
                times: ["2026-01-05T00:00", "2026-01-31T00:00", "2026-02-02T00:00", "2026-02-28T00:00"]),
        ])
    func bothDayFields(_ example: Case) throws { try meaning(example) }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var cron: String
        var code: String
        var says: [String]
        var testDescription: String { cron }
    }

    @Test(
        "What cannot be read is refused with the field, the column and what to write",
        arguments: [
            Refusal(cron: "", code: "cron.empty", says: ["five fields"]),
            Refusal(cron: "* * * *", code: "cron.fields", says: ["this one has 4"]),
            Refusal(cron: "0 * * * * *", code: "cron.fields", says: ["has 6", "Seconds"]),
            Refusal(cron: "61 * * * *", code: "cron.minute", says: ["Minute, column 1", "'61'", "0 to 59"]),
            Refusal(cron: "0  24 * * *", code: "cron.hour", says: ["Hour, column 4", "'24'", "0 to 23"]),
            Refusal(cron: "0 0 0 * *", code: "cron.day-of-month", says: ["Day of month, column 5", "1 to 31"]),
            Refusal(cron: "0 0 * FOO *", code: "cron.month", says: ["Month, column 7", "'FOO'", "JAN to DEC"]),
            Refusal(cron: "0 0 * * 8", code: "cron.day-of-week", says: ["Day of week, column 9", "SUN to SAT"]),
            Refusal(cron: "0 0 * * MONDAY", code: "cron.day-of-week", says: ["column 12", "'DAY'"]),
            Refusal(cron: "0 0 * * L", code: "cron.day-of-week", says: ["5L"]),
            Refusal(cron: "0 L * * *", code: "cron.hour", says: ["day field"]),
            Refusal(cron: "0 0 * * 1#6", code: "cron.day-of-week", says: ["column 11", "'6'", "1 to 5"]),
            Refusal(cron: "0 0 15W * *", code: "cron.day-of-month", says: ["'W'"]),
            Refusal(cron: "0 22-2 * * *", code: "cron.hour", says: ["backwards", "two ranges"]),
            Refusal(cron: "*/0 * * * *", code: "cron.minute", says: ["column 3", "step"]),
            Refusal(cron: "*/90 * * * *", code: "cron.minute", says: ["too long a step", "interval"]),
            Refusal(cron: "1,, * * * *", code: "cron.minute", says: ["column 3", "nothing"]),
            Refusal(cron: "5- * * * *", code: "cron.minute", says: ["column 3"]),
            Refusal(cron: "? * * * *", code: "cron.minute", says: ["'?'", "not supported"]),
            Refusal(cron: "５ * * * *", code: "cron.minute", says: ["Minute, column 1"]),
            Refusal(cron: "99999999999999999999 * * * *", code: "cron.minute", says: ["0 to 59"]),
            Refusal(cron: "@reboot", code: "cron.shorthand", says: ["names no time"]),
            Refusal(cron: "@dialy", code: "cron.shorthand", says: ["@dialy", "@daily"]),
            Refusal(cron: "@daily 5", code: "cron.fields", says: ["alone"]),
            Refusal(cron: String(repeating: "1,", count: 300) + "1 * * * *", code: "cron.too-long", says: ["512"]),
        ])
    func refusals(_ example: Refusal) throws {
        let error = try #require(throws: DefinitionError.self) { try CronExpression(example.cron) }
        #expect(error.code == example.code)
        for part in example.says { #expect(error.message.contains(part), "\(error.message)") }
    }

    @Test(
        "An expression that no date satisfies is refused",
        arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30,31 FEB *", "0 0 */31 2 1#5", "0 0 30-31/1 2 ?"])
    func never(_ text: String) throws {
        let error = try #require(throws: DefinitionError.self) { try CronExpression(text) }
        #expect(error.code == "cron.never")
        #expect(error.message.contains("would never run"))
    }

    @Test(
        "A rare date is none that never comes",
        arguments: [
            ("0 0 30 2 MON", "2026-02-02T00:00"), ("0 0 * 2 1#5", "2044-02-29T00:00"),
            ("0 0 29 2 */7", "2032-02-29T00:00"),
        ])
    func rare(_ text: String, _ first: String) throws {
        let found = try ScheduleFixture.cron(text).next(after: ScheduleFixture.date("2026-01-01T00:00:00Z"))
        #expect(found?.local.description == first)
    }

    @Test(
        "The frequency is said in words where they are short",
        arguments: [
            ("* * * * *", "every minute"), ("*/15 * * * *", "every 15 minutes"), ("0,30 * * * *", "every 30 minutes"),
            ("@hourly", "every hour"), ("5 * * * *", "every hour at 5 past"), ("0 */6 * * *", "every 6 hours"),
            ("30 2 * * *", "at 02:30 every day"), ("0 8,20 * * *", "at 08:00 and 20:00 every day"),
            ("30 2 * * MON,FRI", "at 02:30 on Monday and Friday"), ("0 9 * * 1-5", "at 09:00 on Monday to Friday"),
            ("@weekly", "at 00:00 on Sunday"), ("@monthly", "at 00:00 on day 1 of the month"),
            ("0 0 L * *", "at 00:00 on the last day of the month"), ("@yearly", "at 00:00 on 1 January"),
            ("0 0 * * 5L", "at 00:00 on the month's last Friday"),
            ("0 0 * * 1#2", "at 00:00 on the month's second Monday"),
            ("*/15 9-17 * * MON-FRI", "cron */15 9-17 * * MON-FRI"), ("*/7 * * * *", "cron */7 * * * *"),
            ("0 0 13 * FRI", "cron 0 0 13 * FRI"),
        ])
    func words(_ text: String, _ words: String) throws {
        #expect(try CronExpression(text).description == words)
    }

    @Test("Blanks and small letters make no other expression")
    func spelling() throws {
        #expect(try CronExpression(" 0\t2  * * mon ") == CronExpression("0 2 * * MON"))
        #expect(try CronExpression("0 2 * * mon").text == "0 2 * * MON")
    }
}
