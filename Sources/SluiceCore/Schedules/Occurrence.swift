import Foundation

/// One time at which a schedule says to run.
public struct Occurrence: Sendable, Hashable {
    /// What the clocks did at that time.
    public enum Mark: String, Sendable, Codable {
        /// Nothing; the local time names one instant.
        case regular
        /// The clock skips the local time that the schedule names; this is the first instant behind the skipped ones.
        case gapMoved
        /// The clock shows the local time twice; this is the first time.
        case firstPass
        /// The clock shows the local time twice; this is the second time.
        case secondPass
    }

    /// The instant that names the occurrence; a whole second. A schedule has each at most once.
    public let nominal: Date
    /// What the clock in the schedule's zone shows then.
    public let local: LocalDateTime
    /// The local time that the schedule names; differs from ``local`` when ``mark`` is `gapMoved`.
    public let intended: LocalDateTime
    /// Seconds that the zone's clock is ahead of UTC then.
    public let offset: Int
    public let mark: Mark

    /// - Parameter wall: the wall time that the schedule names, nil when it is what the clock shows.
    init(instant: Int, offset: Int, mark: Mark, wall: Int? = nil) {
        nominal = Date(timeIntervalSince1970: Double(instant))
        local = LocalDateTime(wall: instant + offset)
        intended = wall.map(LocalDateTime.init(wall:)) ?? local
        self.offset = offset
        self.mark = mark
    }

    /// Seconds since 1970-01-01T00:00Z.
    var instant: Int { Int(nominal.timeIntervalSince1970) }

    /// The local time with its distance from UTC, as ISO 8601 writes it: `2026-03-08T03:00:00-04:00`.
    public var localText: String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        let distance = abs(offset)
        let seconds = distance % 60 == 0 ? "" : ":\(two(distance % 60))"
        return "\(local.dateText)T\(two(local.hour)):\(two(local.minute)):\(two(local.second))"
            + "\(offset < 0 ? "-" : "+")\(two(distance / 3_600)):\(two(distance / 60 % 60))\(seconds)"
    }
}
