import Foundation

extension ScheduleZone {
    /// The instant that a person names: `2026-03-07T00:00:00Z` and the like with an offset, or a local date and time in this
    /// zone, `2026-03-07T02:30`.
    ///
    /// - Parameter isEnd: whether a date alone is the last second of its day instead of the first.
    /// - Returns: nil when it is neither. A local time that the clock skips is the first instant behind it, one that it
    ///   shows twice the first time, or the last one for an end.
    public func instant(_ text: String, isEnd: Bool = false) -> Date? {
        if let (local, saysTime) = LocalDateTime.reading(text) {
            let day = LocalDateTime(local.year, local.month, local.day, 23, 59, 59)
            let wall = (isEnd && !saysTime ? day ?? local : local).wall
            return Date(timeIntervalSince1970: Double(isEnd ? rules.last(wall) : rules.first(wall).instant))
        }
        for style in [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
            if let date = try? style.parse(text) { return date }
        }
        return nil
    }

    /// What the clock in this zone shows at an instant, to the second.
    public func local(_ instant: Date) -> LocalDateTime {
        let seconds = Int(instant.timeIntervalSince1970.rounded(.down))
        return LocalDateTime(wall: seconds + rules.segment(at: seconds).offset)
    }
}
