import Foundation

/// How far a schedule has got, as the store keeps it beside the schedule.
public struct ScheduleState: Sendable, Hashable, Codable {
    /// Every occurrence up to this instant has been decided: it started, waits, or left a row that says why not. It never
    /// moves back, and what lies before it is never looked at again.
    public var handledThrough: Date
    /// Nominal times of occurrences that wait for a run of the schedule to end, in order.
    public var buffered: [Date]
    /// Nil while the schedule runs.
    public var pause: SchedulePause?
    /// How many of its runs in succession have failed.
    public var failures: Int
    /// The number of its last backfill; nil while it had none.
    public var lastBackfill: Int?

    /// The state of a schedule that is set now: what lies behind is not its business.
    public init(setAt now: Date) {
        handledThrough = now
        buffered = []
        failures = 0
    }
}

/// Why a schedule starts nothing at present.
public struct SchedulePause: Sendable, Hashable, Codable {
    public enum Reason: String, Sendable, Codable {
        case person = "paused.person"
        case failures = "paused.failures"
    }

    public var reason: Reason
    /// Who paused it; nil for the schedule itself.
    public var by: String?
    public var since: Date

    public init(_ reason: Reason, by: String? = nil, since: Date) {
        self.reason = reason
        self.by = by
        self.since = since
    }
}

/// Why an occurrence did not start, or not at its time.
public enum OccurrenceReason: String, Sendable, Codable, CaseIterable {
    /// A run of the schedule had not ended.
    case overlapSkipped = "overlap.skipped"
    /// A run of the schedule had not ended, and as many occurrences as may wait did so already.
    case bufferFull = "overlap.buffer-full"
    /// It waits for a run of the schedule to end.
    case buffered = "overlap.buffered"
    /// Nobody was there to start it, and the schedule catches nothing up.
    case missedDowntime = "missed.downtime"
    /// Nobody was there to start it, and when somebody was again, it was further back than the catch-up window.
    case missedWindow = "missed.window"
    /// A later occurrence started in its place.
    case superseded = "superseded"
    /// The schedule was paused.
    case paused = "paused"
    /// It started, later than it should have: it was caught up.
    case late = "late"
    /// It stands for an event, not for a time.
    case event = "event"
}
