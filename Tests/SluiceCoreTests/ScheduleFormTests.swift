import Foundation
import SluiceCore
import Testing

@Suite("A schedule's written form")
struct ScheduleFormTests {
    static func read(_ text: String) throws -> Schedule { try Schedule(json: JSONValue(parsing: Data(text.utf8))) }

    @Test(
        "What is written is read back as the same, with what differs from the defaults alone",
        arguments: [
            #"{"cron":"30 2 * * *","zone":"America/New_York"}"#,
            #"{"once":"2026-03-08T02:30","zone":"Europe/Berlin"}"#,
            #"{"every":"15 minutes","from":"2026-03-01T00:00","zone":"UTC"}"#,
            #"{"every":"1 day","from":"2026-03-01T02:30:15","zone":"UTC"}"#,
            #"{"catchUp":"none","cron":"@daily","end":"2026-12-31","jitter":60,"overlap":"bufferOne","pauseAfterFailures":3,"start":"2026-03-01","zone":"Asia/Kathmandu"}"#,
            #"{"catchUpWindow":3600,"cron":"0 * * * *","end":"2026-12-31T18:00","overlap":"cancelOther","start":"2026-03-01T06:00","zone":"UTC"}"#,
            #"{"catchUp":"all","cron":"0 * * * *","overlap":"allowAll","zone":"UTC"}"#,
        ])
    func roundTrip(_ text: String) throws {
        let schedule = try Self.read(text)
        #expect(schedule.json.canonicalText == text)
        #expect(try JSONDecoder().decode(Schedule.self, from: JSONEncoder().encode(schedule)) == schedule)
    }

    @Test(
        "People may write it in other words",
        arguments: [
            (
                #"{"cron":" 0 2 * * mon","zone":"UTC","overlap":"skip","catchUp":"latest","catchUpWindow":86400,"jitter":0,"end":null}"#,
                #"{"cron":"0 2 * * MON","zone":"UTC"}"#
            ),
            (
                #"{"every":"2h","from":"2026-03-01 00:00","zone":"UTC"}"#,
                #"{"every":"2 hours","from":"2026-03-01T00:00","zone":"UTC"}"#
            ),
            (
                #"{"every":"day","from":"2026-03-01","zone":"UTC"}"#,
                #"{"every":"1 day","from":"2026-03-01T00:00","zone":"UTC"}"#
            ),
        ])
    func otherWords(_ written: String, _ form: String) throws {
        #expect(try Self.read(written).json.canonicalText == form)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var json: String
        var code: String
        var path: String
        var says: String
        var testDescription: String { json }

        init(_ json: String, _ code: String, _ path: String, _ says: String) {
            self.json = json
            self.code = code
            self.path = path
            self.says = says
        }
    }

    @Test(
        "What is wrong is refused by field, with what to write instead",
        arguments: [
            Refusal(#"[]"#, "schedule.wrong-type", "", "JSON object"),
            Refusal(#"{"zone":"UTC"}"#, "schedule.timing", "", "one of once, every and cron"),
            Refusal(#"{"zone":"UTC","cron":"@daily","once":"2026-01-01"}"#, "schedule.timing", "cron", "once and cron"),
            Refusal(#"{"cron":"@daily"}"#, "schedule.missing-field", "zone", "Europe/Berlin"),
            Refusal(
                #"{"cron":"@daily","zone":"America/New_Yrok"}"#, "schedule.zone", "zone",
                "Did you mean America/New_York?"),
            Refusal(#"{"cron":"@daily","zone":"Berlin"}"#, "schedule.zone", "zone", "Europe/Berlin"),
            Refusal(#"{"cron":"@daily","zone":"PST"}"#, "schedule.zone", "zone", "IANA"),
            Refusal(#"{"cron":"@daily","zone":"GMT+3"}"#, "schedule.zone", "zone", "IANA"),
            Refusal(#"{"cron":"@daily","zone":""}"#, "schedule.zone", "zone", "needs a time zone"),
            Refusal(#"{"cron":"61 * * * *","zone":"UTC"}"#, "cron.minute", "cron", "Minute, column 1"),
            Refusal(#"{"cron":5,"zone":"UTC"}"#, "schedule.wrong-type", "cron", "text"),
            Refusal(
                #"{"cron":"@daily","zone":"UTC","overlpa":"skip"}"#, "schedule.unknown-field", "overlpa", "overlap"),
            Refusal(#"{"cron":"@daily","zone":"UTC","overlap":"Skip"}"#, "schedule.choice", "overlap", "bufferOne"),
            Refusal(#"{"cron":"@daily","zone":"UTC","from":"2026-01-01"}"#, "schedule.from", "from", "start"),
            Refusal(#"{"every":"15 minutes","zone":"UTC"}"#, "schedule.missing-field", "from", "first"),
            Refusal(#"{"every":"15 weeks","from":"2026-01-01","zone":"UTC"}"#, "schedule.interval", "every", "2 days"),
            Refusal(#"{"every":"0 minutes","from":"2026-01-01","zone":"UTC"}"#, "schedule.interval", "every", "1 to"),
            Refusal(#"{"every":"5000 days","from":"2026-01-01","zone":"UTC"}"#, "schedule.interval", "every", "3653"),
            Refusal(#"{"once":"2026-02-30T00:00","zone":"UTC"}"#, "schedule.time", "once", "2026-03-08T02:30"),
            Refusal(#"{"once":"2026-03-08T02:30:00Z","zone":"UTC"}"#, "schedule.time", "once", "without Z"),
            Refusal(#"{"once":"0026-03-08","zone":"UTC"}"#, "schedule.year", "once", "1970 to 2199"),
            Refusal(
                #"{"cron":"@daily","zone":"UTC","start":"2026-02-02","end":"2026-02-01"}"#, "schedule.end-before-start",
                "end", "2026-02-01"),
            Refusal(
                #"{"cron":"0 0 29 2 *","zone":"UTC","start":"2026-01-01","end":"2027-01-01"}"#, "schedule.empty", "end",
                "no such time"),
            Refusal(
                #"{"once":"2026-03-08T02:30","zone":"UTC","start":"2026-04-01"}"#, "schedule.empty", "start",
                "no such time"),
            Refusal(#"{"cron":"*/5 * * * *","zone":"UTC","jitter":300}"#, "schedule.jitter", "jitter", "at most 299"),
            Refusal(#"{"cron":"58,59 * * * *","zone":"UTC","jitter":60}"#, "schedule.jitter", "jitter", "at most 59"),
            Refusal(#"{"cron":"@daily","zone":"UTC","jitter":-1}"#, "schedule.jitter", "jitter", "0 or more"),
            Refusal(#"{"cron":"@daily","zone":"UTC","jitter":1.5}"#, "schedule.wrong-type", "jitter", "whole number"),
            Refusal(#"{"cron":"@daily","zone":"UTC","catchUpWindow":0}"#, "schedule.window", "catchUpWindow", "none"),
            Refusal(
                #"{"cron":"@daily","zone":"UTC","catchUp":"all","catchUpWindow":9}"#, "schedule.window",
                "catchUpWindow", "latest"),
            Refusal(
                #"{"cron":"@daily","zone":"UTC","pauseAfterFailures":0}"#, "schedule.failures", "pauseAfterFailures",
                "leave the field out"),
        ])
    func refusals(_ example: Refusal) throws {
        let error = try #require(throws: DefinitionError.self) { try Self.read(example.json) }
        #expect(error.problems.count == 1, "\(error)")
        #expect(error.problems[0].code == example.code)
        #expect(error.problems[0].path == example.path)
        #expect(error.problems[0].message.contains(example.says), "\(error.problems[0].message)")
    }

    @Test("Every problem is named at once")
    func allProblems() throws {
        let error = try #require(throws: DefinitionError.self) {
            try Self.read(#"{"cron":"61 * * * *","zone":"Mars/Base","jitter":"x","sart":"2026-01-01"}"#)
        }
        #expect(error.problems.map(\.path) == ["cron", "zone", "jitter", "sart"])
    }

    @Test("A schedule whose last time has passed is refused when the present is known")
    func over() throws {
        let now = try ScheduleFixture.date("2026-06-01T00:00:00Z")
        let past = try Self.read(#"{"once":"2026-03-08T02:30","zone":"UTC"}"#)
        let error = try #require(throws: DefinitionError.self) { try past.validate(at: now) }
        #expect(error.code == "schedule.over")
        #expect(error.problems[0].path == "once")
        try Self.read(#"{"every":"1 day","from":"2026-03-08","zone":"UTC"}"#).validate(at: now)
    }

    @Test(
        "How often it runs is told in words",
        arguments: [
            (#"{"once":"2026-03-08T02:30","zone":"UTC"}"#, "once on 2026-03-08 at 02:30"),
            (#"{"every":"1 minute","from":"2026-03-08","zone":"UTC"}"#, "every minute"),
            (#"{"every":"90 minutes","from":"2026-03-08","zone":"UTC"}"#, "every 90 minutes"),
            (#"{"every":"1 day","from":"2026-03-08T02:30","zone":"UTC"}"#, "at 02:30 every day"),
            (#"{"every":"3 days","from":"2026-03-08T02:30","zone":"UTC"}"#, "at 02:30 every 3 days"),
            (#"{"cron":"30 2 * * *","zone":"UTC"}"#, "at 02:30 every day"),
        ])
    func words(_ json: String, _ words: String) throws {
        #expect(try Self.read(json).description == words)
    }

    @Test("Every zone of the machine's list is known and keeps its name")
    func zones() throws {
        for name in TimeZone.knownTimeZoneIdentifiers + ["UTC", "Asia/Calcutta", "US/Eastern", "EST5EDT"] {
            #expect(try ScheduleZone(name).identifier == name)
        }
    }
}
