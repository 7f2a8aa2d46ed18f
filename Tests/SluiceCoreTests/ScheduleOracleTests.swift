import Foundation
import SluiceCore
import Testing

/// A seeded source of random numbers (SplitMix64), so that a failure comes again.
private struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

@Suite("Schedules against second opinions")
struct ScheduleOracleTests {
    // MARK: - Brute force

    /// What the clock of a zone shows in each minute of a window, asked of Foundation minute by minute.
    private struct Window {
        struct Minute {
            var instant: Int
            /// The clock's minute, day and month, as Foundation's calendar tells them, and their place in wall time.
            var wall: Wall
        }

        struct Wall: Hashable {
            var minute: Int, hour: Int, day: Int, month: Int, weekday: Int, isLastOfMonth: Bool
            /// Minutes on the wall, from wherever.
            var count: Int
        }

        var minutes: [Minute] = []

        init(_ zone: TimeZone, around middle: Date, hours: Int) {
            let start = Int(middle.timeIntervalSince1970) / 60 * 60 - hours * 3_600
            minutes = (0..<(hours * 120)).map { place in
                let instant = start + place * 60
                let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))
                return Minute(instant: instant, wall: Self.wall((instant + offset) / 60))
            }
        }

        static let calendar: Calendar = {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = .gmt
            return calendar
        }()

        static func wall(_ count: Int) -> Wall {
            let date = Date(timeIntervalSince1970: Double(count) * 60)
            let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: date)
            let tomorrow = calendar.component(.day, from: date.addingTimeInterval(86_400))
            return Wall(
                minute: parts.minute ?? -1, hour: parts.hour ?? -1, day: parts.day ?? -1, month: parts.month ?? -1,
                weekday: (parts.weekday ?? 0) - 1, isLastOfMonth: tomorrow == 1, count: count)
        }

        /// The rules of ``Schedule``, spelt out over every minute.
        func fire(_ cron: Pattern) -> [Int] {
            var fired: [Int] = []
            // The minutes that the clock has shown, to know the second pass.
            var shown: Set<Int> = []
            for (place, minute) in minutes.enumerated() {
                var fires = cron.matches(minute.wall) && (cron.isSubDaily || !shown.contains(minute.wall.count))
                if place > 0 {
                    let before = minutes[place - 1].wall.count
                    if minute.wall.count > before + 1 {
                        for skipped in (before + 1)..<minute.wall.count where cron.matches(Self.wall(skipped)) {
                            fires = true
                        }
                    }
                }
                shown.insert(minute.wall.count)
                if fires { fired.append(minute.instant) }
            }
            return fired
        }
    }

    /// A random pattern as sets of numbers, and the same as a cron expression.
    private struct Pattern {
        var fields: [Set<Int>] = []
        var texts: [String] = []
        var isSubDaily: Bool { fields[0].count * fields[1].count > 1 }

        init(_ dice: inout Dice) {
            for (range, star) in [(0...59, 5), (0...23, 3), (1...31, 2), (1...12, 2), (0...6, 2)] {
                var values: Set<Int> = []
                switch dice.below(6) {
                case 0..<star:
                    let step = [1, 1, 2, 3, 5][dice.below(5)]
                    values = Set(stride(from: range.lowerBound, through: range.upperBound, by: step))
                    texts.append(step == 1 ? "*" : "*/\(step)")
                case 5 where range.upperBound == 31:
                    texts.append("L")
                default:
                    for _ in 0...dice.below(3) { values.insert(Int.random(in: range, using: &dice)) }
                    // Hours in which clocks change are the ones worth a test.
                    if range == 0...23, dice.below(2) == 0 { values = [[0, 1, 2, 3, 23][dice.below(5)]] }
                    texts.append(values.sorted().map(String.init).joined(separator: ","))
                }
                fields.append(values)
            }
        }

        var text: String { texts.joined(separator: " ") }

        func matches(_ wall: Window.Wall) -> Bool {
            guard fields[0].contains(wall.minute), fields[1].contains(wall.hour), fields[3].contains(wall.month) else {
                return false
            }
            let day = texts[2] == "L" ? wall.isLastOfMonth : fields[2].contains(wall.day)
            let weekday = fields[4].contains(wall.weekday)
            return texts[2].hasPrefix("*") || texts[4].hasPrefix("*") ? day && weekday : day || weekday
        }
    }

    static let windows: [(zone: String, middle: String)] = [
        ("America/New_York", "2026-03-08T07:00:00Z"), ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z"), ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"), ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Asia/Kathmandu", "1985-12-31T18:30:00Z"), ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ("America/Sao_Paulo", "1999-02-28T02:00:00Z"), ("Africa/Cairo", "2026-04-23T22:00:00Z"),
        ("Africa/Cairo", "2014-05-15T22:00:00Z"), ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("America/Santiago", "2026-09-06T04:00:00Z"), ("Asia/Beirut", "2026-10-24T21:00:00Z"),
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"), ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
        ("Asia/Pyongyang", "2015-08-14T15:00:00Z"), ("UTC", "2024-02-29T12:00:00Z"),
    ]

    @Test("Random patterns fire where brute force over every minute says", arguments: windows.indices)
    func bruteForce(_ index: Int) throws {
        let (name, middle) = Self.windows[index]
        let zone = try #require(TimeZone(identifier: name))
        let window = Window(zone, around: try ScheduleFixture.date(middle), hours: 50)
        let first = try #require(window.minutes.first).instant
        let last = try #require(window.minutes.last).instant
        var dice = Dice(UInt64(index) + 1)
        for round in 0..<50 {
            let pattern = Pattern(&dice)
            guard let cron = try? CronExpression(pattern.text) else { continue }
            let schedule = Schedule(.cron(cron), zone: try ScheduleZone(name))
            let expected = window.fire(pattern)
            let note: Comment = "\(pattern.text) in \(name), round \(round)"

            var found: [Int] = []
            var instant = Date(timeIntervalSince1970: Double(first) - 1)
            while let next = schedule.next(after: instant), next.nominal.timeIntervalSince1970 <= Double(last) {
                #expect(next.nominal > instant, note)
                instant = next.nominal
                found.append(Int(instant.timeIntervalSince1970))
            }
            #expect(found == expected, note)

            // Backwards the same, and counted the same from any instant to any other.
            var backwards: [Int] = []
            var back = Date(timeIntervalSince1970: Double(last))
            while let previous = schedule.previous(atOrBefore: back),
                previous.nominal.timeIntervalSince1970 >= Double(first)
            {
                backwards.insert(Int(previous.nominal.timeIntervalSince1970), at: 0)
                back = previous.nominal.addingTimeInterval(-1)
            }
            #expect(backwards == expected, note)
            for _ in 0..<3 {
                let lower = first + dice.below(last - first)
                let upper = lower + dice.below(last - lower)
                let count = schedule.count(
                    after: Date(timeIntervalSince1970: Double(lower)),
                    through: Date(timeIntervalSince1970: Double(upper)))
                #expect(count == expected.count { $0 > lower && $0 <= upper }, note)
            }
        }
    }

    @Test("Counting agrees with listing over months and years")
    func counting() throws {
        var dice = Dice(77)
        for _ in 0..<200 {
            let pattern = Pattern(&dice)
            guard pattern.fields[0].count * pattern.fields[1].count < 40, let cron = try? CronExpression(pattern.text)
            else { continue }
            let name = Self.windows[dice.below(Self.windows.count)].zone
            let schedule = Schedule(.cron(cron), zone: try ScheduleZone(name))
            let from = Date(timeIntervalSince1970: Double(dice.below(2_000_000_000)))
            let through = from.addingTimeInterval(Double(dice.below(400 * 86_400)))
            let listed = schedule.backfill(from: from.addingTimeInterval(1), through: through, limit: .max)
            #expect(
                schedule.count(after: from, through: through) == listed.occurrences.count, "\(pattern.text) \(name)")
        }
    }

    @Test("Intervals agree with adding up by hand", arguments: windows.indices)
    func intervals(_ index: Int) throws {
        let (name, middle) = Self.windows[index]
        var dice = Dice(UInt64(index) + 1_000)
        let center = try ScheduleFixture.date(middle)
        for unit in Schedule.Interval.Unit.allCases {
            let count = 1 + dice.below(unit == .minutes ? 200 : 5)
            let from = try #require(LocalDateTime("\(middle.prefix(10))T01:\(10 + dice.below(50))"))
            let schedule = Schedule(.every(.init(count, unit), from: from), zone: try ScheduleZone(name))
            let all = schedule.occurrences(from: .distantPast, count: 200)
            #expect(all.count == 200)
            for (earlier, later) in zip(all, all.dropFirst()) {
                #expect(earlier.nominal < later.nominal)
                switch unit {
                case .minutes: #expect(later.nominal.timeIntervalSince(earlier.nominal) == Double(count * 60))
                case .hours: #expect(later.nominal.timeIntervalSince(earlier.nominal) == Double(count * 3_600))
                case .days: #expect(later.intended.hour == from.hour && later.intended.minute == from.minute)
                }
            }
            for _ in 0..<50 {
                let now = center.addingTimeInterval(Double(dice.below(20 * 86_400) - 86_400))
                let last = try #require(all.last).nominal
                guard now < last else { continue }
                #expect(schedule.next(after: now) == all.first { $0.nominal > now })
                #expect(schedule.previous(atOrBefore: now) == all.last { $0.nominal <= now })
                #expect(schedule.count(after: now, through: last) == all.count { $0.nominal > now })
            }
        }
    }

    // MARK: - croniter

    struct Croniter: Decodable {
        struct Case: Decodable {
            var cron: String
            var zone: String
            var after: String
            var next: [String]
        }
        var cases: [Case]
    }

    @Test("croniter says the same, but where the rules of clocks differ")
    func croniter() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "Fixtures/schedules/croniter.json")
        let cases = try JSONDecoder().decode(Croniter.self, from: Data(contentsOf: file)).cases
        #expect(cases.count > 500)
        for example in cases {
            let schedule = try ScheduleFixture.cron(example.cron, example.zone)
            let after = try ScheduleFixture.date(example.after)
            let found = schedule.occurrences(from: after.addingTimeInterval(1), count: example.next.count)
            #expect(
                found.map { $0.nominal.formatted(ScheduleFixture.iso) } == example.next,
                "\(example.cron) \(example.zone)")
        }
    }
}
