/// When a job runs by itself, and what happens to the times at which it cannot.
///
/// The specification's *date, time, repeat every N*, and cron, in a time zone. A schedule is a value: whether it is paused and
/// how far it has got is ``ScheduleState``, what to do now is ``ScheduleMachine``. Its written form is JSON
/// (`Schedule+JSON.swift`):
///
/// ```json
/// { "cron": "30 2 * * *", "zone": "America/New_York" }
/// { "every": "15 minutes", "from": "2026-03-01T00:00", "zone": "UTC", "end": "2026-12-31" }
/// { "once": "2026-03-08T02:30", "zone": "Europe/Berlin", "catchUp": "none" }
/// ```
///
/// **How clocks change.** These rules hold everywhere:
///
/// - A local time that the clock skips runs once, at the first instant behind the skipped ones. Several such times, or such
///   a time and the one that the schedule names for that instant anyway, are one occurrence.
/// - A local time that the clock shows twice runs in the first pass; it runs in both if the schedule is a cron expression
///   that names more than one time of day (``CronExpression/isSubDaily``).
/// - An interval of minutes or hours is that much elapsed time, whatever the clock shows. An interval of days keeps the
///   time of day.
/// - Every occurrence lies on a fixed grid, so that the next one follows from the one before and never from the present.
public struct Schedule: Sendable, Hashable {
    public enum Timing: Sendable, Hashable {
        /// A single time.
        case once(LocalDateTime)
        /// The first time, and then again and again after an interval.
        case every(Interval, from: LocalDateTime)
        case cron(CronExpression)
    }

    /// The distance between two occurrences.
    public struct Interval: Sendable, Hashable {
        public enum Unit: String, Sendable, CaseIterable {
            case minutes, hours, days

            var seconds: Int {
                switch self {
                case .minutes: 60
                case .hours: 3_600
                case .days: 86_400
                }
            }
        }

        /// 1 or more.
        public var count: Int
        public var unit: Unit

        public init(_ count: Int, _ unit: Unit) {
            self.count = count
            self.unit = unit
        }

        /// The whole of it; a day is taken for 24 hours.
        var seconds: Int { count * unit.seconds }
    }

    /// What to do with an occurrence while an earlier run of the same schedule has not ended.
    public enum Overlap: String, Sendable, CaseIterable {
        /// The occurrence does not start.
        case skip
        /// It waits for the run to end; if one waits already, it does not start.
        case bufferOne
        /// It waits behind all others that wait.
        case bufferAll
        /// The run is terminated, and the occurrence starts.
        case cancelOther
        /// It starts beside the run.
        case allowAll
    }

    /// What to do with occurrences whose time passed while nobody was there to start them.
    public enum CatchUp: Sendable, Hashable {
        /// The last of them starts, if it is at most `window` seconds ago.
        case latest(window: Int)
        /// All of them start, the oldest first, as ``Overlap`` allows.
        case all
        /// None of them starts.
        case none

        /// A day: a night's outage is made good, and Friday's work does not start on Monday morning.
        public static let standardWindow = 86_400
    }

    public var timing: Timing
    public var zone: ScheduleZone
    /// Occurrences whose local time is earlier do not happen. The grid does not shift.
    public var start: LocalDateTime?
    /// Occurrences whose local time is later do not happen; its own still does.
    public var end: LocalDateTime?
    /// The longest time, in seconds, by which a run starts after its nominal time, to spread what is due at once. Each
    /// occurrence has a delay of its own, always the same (``startTime(of:id:)``).
    public var jitter: Int
    public var overlap: Overlap
    public var catchUp: CatchUp
    /// The schedule pauses itself when as many of its runs in succession have failed.
    public var pauseAfterFailures: Int?

    public init(
        _ timing: Timing, zone: ScheduleZone, start: LocalDateTime? = nil, end: LocalDateTime? = nil, jitter: Int = 0,
        overlap: Overlap = .skip, catchUp: CatchUp = .latest(window: CatchUp.standardWindow),
        pauseAfterFailures: Int? = nil
    ) {
        self.timing = timing
        self.zone = zone
        self.start = start
        self.end = end
        self.jitter = jitter
        self.overlap = overlap
        self.catchUp = catchUp
        self.pauseAfterFailures = pauseAfterFailures
    }
}

extension Schedule.Interval: CustomStringConvertible {
    /// `15 minutes`, `1 day`.
    public var description: String { count == 1 ? "1 \(unit.rawValue.dropLast())" : "\(count) \(unit.rawValue)" }

    /// Reads `15 minutes`, `1 hour`, `hour`, `2 d`, `15m`.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let word = text.dropFirst(digits.count).drop { $0 == " " }
        guard digits.count <= 9, let count = digits.isEmpty ? 1 : Int(digits) else { return nil }
        switch word.lowercased() {
        case "minutes", "minute", "min", "m": self.init(count, .minutes)
        case "hours", "hour", "h": self.init(count, .hours)
        case "days", "day", "d": self.init(count, .days)
        default: return nil
        }
    }
}

extension Schedule: CustomStringConvertible {
    /// How often it runs, for people: `every 15 minutes`, `at 02:30 every day`, `once on 2026-03-08 at 02:30`.
    public var description: String {
        switch timing {
        case .once(let time): "once on \(time.dateText) at \(time.timeText)"
        case .cron(let cron): cron.description
        case .every(let interval, let from):
            switch (interval.unit, interval.count) {
            case (.days, 1): "at \(from.timeText) every day"
            case (.days, _): "at \(from.timeText) every \(interval)"
            case (_, 1): "every \(interval.unit.rawValue.dropLast())"
            default: "every \(interval)"
            }
        }
    }
}
