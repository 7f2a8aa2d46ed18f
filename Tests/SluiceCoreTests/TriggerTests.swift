import Foundation
import SluiceCore
import Testing

@Suite struct TriggerTests {
    @Test(arguments: [
        ("raw/*.csv", "raw/a.csv", true), ("raw/*.csv", "raw/old/a.csv", false), ("raw/**.csv", "raw/old/a.csv", true),
        ("**", "a/b/c", true), ("*", "a/b", false), ("*", "", true), ("a?c", "abc", true), ("a?c", "a/c", false),
        ("a?c", "ac", false), ("a*b*c", "axxbxxc", true), ("a*b*c", "axxbxx", false), ("a", "a", true),
        ("a", "ab", false), ("*a", "ba", true), ("é?", "éa", true), ("**/x", "a/b/x", true), ("a*", "a", true),
    ])
    func aPatternMatches(glob: String, name: String, isMatch: Bool) throws {
        #expect(try ObjectPattern(glob).matches(name, in: "bucket") == isMatch)
    }

    @Test func aPatternOfStarsTakesNoLongerThanItIsLong() throws {
        let glob = String(repeating: "*a", count: 500) + "b"
        #expect(try !ObjectPattern(glob).matches(String(repeating: "a", count: 300), in: "bucket"))
    }

    @Test func aPatternCountsInItsSourceAlone() throws {
        let pattern = try ObjectPattern("*", source: "bucket")
        #expect(pattern.matches("a", in: "bucket"))
        #expect(!pattern.matches("a", in: "other"))
    }

    @Test(arguments: [
        #"{"cron":"@daily","zone":"UTC"}"#, #"{"after":3,"on":"any"}"#, #"{"object":"a/*","source":"bucket"}"#,
        #"{"object":"a"}"#,
    ])
    func theJSONFormComesBack(text: String) throws {
        let trigger = try Trigger(json: try JSONValue(parsing: Data(text.utf8)))
        #expect(trigger.json.canonicalText == text)
        #expect(try JSONDecoder().decode(Trigger.self, from: JSONEncoder().encode(trigger)) == trigger)
    }

    @Test(arguments: [
        (#"{"after":"x"}"#, "schedule.wrong-type"), (#"{"after":3,"on":"monday"}"#, "schedule.choice"),
        (#"{"after":3,"zone":"UTC"}"#, "schedule.unknown-field"), (#"{"object":""}"#, "schedule.pattern"),
        (#"{"cron":"@daily"}"#, "schedule.missing-field"), (#"[]"#, "schedule.wrong-type"),
    ])
    func whatIsNoTriggerIsRefused(text: String, code: String) throws {
        let json = try JSONValue(parsing: Data(text.utf8))
        let error = #expect(throws: DefinitionError.self) { try Trigger(json: json) }
        #expect(error?.code == code)
    }

    @Test(arguments: [
        ("2026-03-07T00:00:00Z", false, "2026-03-07T00:00:00Z"),
        ("2026-03-07T01:00:00+01:00", false, "2026-03-07T00:00:00Z"),
        ("2026-03-07T00:00", false, "2026-03-07T05:00:00Z"), ("2026-03-07", true, "2026-03-08T04:59:59Z"),
        // Skipped by the clock, and shown twice.
        ("2026-03-08T02:30", false, "2026-03-08T07:00:00Z"), ("2026-11-01T01:30", false, "2026-11-01T05:30:00Z"),
        ("2026-11-01T01:30", true, "2026-11-01T06:30:00Z"),
    ])
    func aPersonNamesAnInstant(text: String, isEnd: Bool, expected: String) throws {
        let zone = try ScheduleZone("America/New_York")
        let date = try #require(zone.instant(text, isEnd: isEnd))
        #expect(date.formatted(Date.ISO8601FormatStyle()) == expected)
    }

    @Test func whatIsNoInstantIsNone() throws {
        for text in ["", "now", "2026-13-01", "2026-03-07T25:00", "7 March"] {
            #expect(ScheduleZone.utc.instant(text) == nil, "\(text)")
        }
    }
}
