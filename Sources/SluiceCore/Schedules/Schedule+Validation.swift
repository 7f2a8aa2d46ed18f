import Foundation

extension Schedule {
    /// Holds the schedule against every rule that needs nothing but itself, and the present if it is given.
    ///
    /// - Parameter now: when given, a schedule without an occurrence after it is refused as well.
    /// - Throws: ``DefinitionError`` with all problems found; each path is a field of the JSON form.
    public func validate(at now: Date? = nil) throws(DefinitionError) {
        var problems: [DefinitionError.Problem] = []
        func refuse(_ code: String, _ path: String, _ message: String) {
            problems.append(.init(code: "schedule.\(code)", path: path, message: message))
        }

        switch timing {
        case .once(let time):
            checkYear(time, "once", &problems)
        case .every(let interval, let from):
            checkYear(from, "from", &problems)
            let most = ScheduleLimits.interval / interval.unit.seconds
            if !(1...most).contains(interval.count) {
                refuse(
                    "interval", "every",
                    "An interval has 1 to \(most) \(interval.unit.rawValue), this one has \(interval.count).")
            }
        case .cron: break
        }
        for (field, time) in [("start", start), ("end", end)] {
            if let time { checkYear(time, field, &problems) }
        }
        if let start, let end, end < start {
            refuse("end-before-start", "end", "The end \(end) lies before the start \(start).")
        }
        if jitter < 0 {
            refuse("jitter", "jitter", "Jitter is a number of seconds, 0 or more.")
        } else if jitter > 0, problems.isEmpty {
            // Or else an occurrence could start after the next one.
            let most = longestJitter
            if jitter > most {
                refuse(
                    "jitter", "jitter",
                    "Jitter has at most \(most) seconds here, less than what lies between two occurrences; "
                        + "this one has \(jitter).")
            }
        }
        if case .latest(let window) = catchUp, !(1...ScheduleLimits.window).contains(window) {
            refuse(
                "window", "catchUpWindow",
                "A catch-up window has 1 to \(ScheduleLimits.window) seconds, this one has \(window). "
                    + "To start nothing late, write \"catchUp\": \"none\".")
        }
        if let failures = pauseAfterFailures, !(1...ScheduleLimits.failures).contains(failures) {
            refuse(
                "failures", "pauseAfterFailures",
                "A schedule pauses after 1 to \(ScheduleLimits.failures) failures; leave the field out to go on always."
            )
        }
        if problems.isEmpty {
            if next(after: .distantPast) == nil {
                refuse(
                    "empty", end == nil ? "start" : "end",
                    "The schedule runs \(self), and no such time lies between its start and its end.")
            } else if let now, next(after: now) == nil {
                refuse("over", lastTimeField, "Its last time has passed already; name a later one.")
            }
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }
    }

    private var lastTimeField: String {
        if end != nil { return "end" }
        return switch timing {
        case .once: "once"
        case .every: "every"
        case .cron: "cron"
        }
    }

    private var longestJitter: Int {
        let gap =
            switch timing {
            case .once: ScheduleLimits.jitter + 1
            case .every(let interval, _): interval.seconds
            case .cron(let cron): cron.shortestGap
            }
        return min(gap - 1, ScheduleLimits.jitter)
    }

    private func checkYear(_ time: LocalDateTime, _ field: String, _ problems: inout [DefinitionError.Problem]) {
        guard !ScheduleLimits.years.contains(time.year) else { return }
        problems.append(
            .init(
                code: "schedule.year", path: field,
                message: "A schedule's dates lie in \(ScheduleLimits.years.lowerBound) to "
                    + "\(ScheduleLimits.years.upperBound); this one is \(time.dateText)."))
    }
}

/// The limits of a schedule; seconds unless said otherwise.
public enum ScheduleLimits {
    /// Years of the dates in a schedule. Behind them nobody knows how clocks will change.
    public static let years = 1_970...2_199
    /// The longest interval: ten years.
    public static let interval = 3_653 * 86_400
    /// The longest jitter: a day.
    public static let jitter = 86_400
    /// The longest catch-up window: a year.
    public static let window = 366 * 86_400
    public static let failures = 1_000
    /// How many occurrences of one schedule wait at most for a run to end.
    public static let buffer = 1_000
    /// An occurrence that starts within so many seconds is on time, one that starts later was missed.
    public static let punctuality = 60
    /// How many missed occurrences one decision starts or skips at most when all are caught up; the next one goes on.
    public static let caughtUpAtOnce = 1_000
}
