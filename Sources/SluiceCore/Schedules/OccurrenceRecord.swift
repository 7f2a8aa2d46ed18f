import Foundation

/// What became of an occurrence, or of several neighbouring ones that share a fate.
public struct OccurrenceRecord: Sendable, Hashable, Codable {
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// There is a run of it.
        case started
        /// It will start when nothing is in its way any more.
        case waiting
        /// It did not start, as the schedule has it.
        case skipped
        /// It could not be started: the job, or a script of it, cannot run.
        case failed
    }

    public var schedule: ScheduleID
    /// The nominal time of the first one.
    public var first: Date
    /// The nominal time of the last one; the same as ``first`` for one alone.
    public var last: Date
    public var count: Int
    public var outcome: Outcome
    /// A stable code: an ``OccurrenceReason``, or that of the error which kept it from starting; nil for one that started
    /// at its time.
    public var reason: String?
    /// The reason for people, where the code does not say all.
    public var detail: String?
    public var run: RunID?
    /// The backfill that it was started by.
    public var backfill: Int?
    /// Whether its run is known to have ended.
    public var isSettled: Bool
    /// When this was decided, on the store's clock.
    public var decidedAt: Date

    public init(
        schedule: ScheduleID, first: Date, last: Date? = nil, count: Int = 1, outcome: Outcome, reason: String? = nil,
        detail: String? = nil, run: RunID? = nil, backfill: Int? = nil, isSettled: Bool = false, decidedAt: Date
    ) {
        self.schedule = schedule
        self.first = first
        self.last = last ?? first
        self.count = count
        self.outcome = outcome
        self.reason = reason
        self.detail = detail
        self.run = run
        self.backfill = backfill
        self.isSettled = isSettled
        self.decidedAt = decidedAt
    }
}

extension OccurrenceReason {
    /// The reason for people, as the end of a sentence about an occurrence.
    public var sentence: String {
        switch self {
        case .overlapSkipped: "the run before it had not ended"
        case .bufferFull: "the run before it had not ended, and no more may wait"
        case .buffered: "the run before it had not ended"
        case .missedDowntime: "no engine ran then, and this schedule catches nothing up"
        case .missedWindow: "no engine ran then, and it was too long ago to be caught up"
        case .superseded: "a later one started in its place"
        case .paused: "the schedule was paused"
        case .late: "caught up, because no engine ran then"
        case .event: "an event"
        }
    }
}
