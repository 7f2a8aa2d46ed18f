import Foundation

/// Durable schedules and what became of their occurrences. Every method is one transaction.
///
/// An occurrence is a schedule and a nominal time, and a store lets each start once: also with several engines on it, and
/// whatever was decided before an engine died.
public protocol ScheduleStore: Sendable {
    /// The present on the store's clock, which decides what is due.
    var now: Date { get }

    /// Writes a new schedule of a job; a job may have several.
    func addSchedule(_ trigger: Trigger, of job: JobID, owner: String) throws -> StoredSchedule

    func schedule(_ id: ScheduleID) throws -> StoredSchedule?

    /// Schedules, oldest first.
    func schedules(_ query: ScheduleQuery) throws -> [StoredSchedule]

    /// Takes a schedule away with the records of its occurrences. Its runs stay.
    ///
    /// - Returns: whether there was one.
    func deleteSchedule(_ id: ScheduleID) throws -> Bool

    /// Schedules that have to be looked at by now. Costs what is due, not what exists.
    func dueSchedules(limit: Int) throws -> DueSchedules

    /// Writes decisions about schedules, each whole or not at all, all in one transaction.
    ///
    /// - Returns: what became of each, in order.
    func commit(_ steps: [ScheduleStep]) throws -> [ScheduleCommit]

    /// The occurrences whose run had not ended when they were last looked at, in order of their nominal time.
    func openOccurrences(of schedule: ScheduleID) throws -> [OpenOccurrence]

    /// What became of one occurrence alone; nil when it was not decided, or together with others.
    func occurrence(of schedule: ScheduleID, at nominal: Date) throws -> OccurrenceRecord?

    /// Records of a schedule's occurrences, latest first.
    func occurrences(_ query: OccurrenceQuery) throws -> [OccurrenceRecord]

    /// Notes that objects of a source have appeared or changed, for the triggers that wait for them.
    ///
    /// - Returns: the schedules that will start a run for it.
    func noteObjects(_ names: [String], in source: String) throws -> [ScheduleID]
}

/// Which schedules to list.
public struct ScheduleQuery: Sendable, Hashable {
    /// Only those of this job.
    public var job: JobID?
    /// Only those behind this one, for the next page.
    public var after: ScheduleID?
    public var limit: Int

    public init(job: JobID? = nil, after: ScheduleID? = nil, limit: Int = 100) {
        self.job = job
        self.after = after
        self.limit = limit
    }
}

/// Which records of occurrences to list.
public struct OccurrenceQuery: Sendable, Hashable {
    public var schedule: ScheduleID
    /// Only those that begin before this nominal time, for the next page.
    public var before: Date?
    public var outcome: OccurrenceRecord.Outcome?
    public var limit: Int

    public init(
        _ schedule: ScheduleID, before: Date? = nil, outcome: OccurrenceRecord.Outcome? = nil, limit: Int = 50
    ) {
        self.schedule = schedule
        self.before = before
        self.outcome = outcome
        self.limit = limit
    }
}

/// What has to be looked at.
public struct DueSchedules: Sendable, Hashable {
    /// The present on the store's clock.
    public var now: Date
    /// Those that have waited longest first.
    public var schedules: [StoredSchedule]
    /// When the next one that is not among them has to be looked at; nil when there is none.
    public var next: Date?

    public init(now: Date, schedules: [StoredSchedule], next: Date?) {
        self.now = now
        self.schedules = schedules
        self.next = next
    }
}

/// An occurrence whose run has not ended, or has and nobody has looked since.
public struct OpenOccurrence: Sendable, Hashable {
    public var nominal: Date
    public var run: RunID
    public var backfill: Int?
    /// How its run has ended; nil while it is open.
    public var ending: ScheduleMachine.Ending?
    public var endedAt: Date?

    /// - Parameter state: of the run; nil when that is not there any more.
    public init(_ record: OccurrenceRecord, run: RunID, _ state: Run?) {
        nominal = record.first
        self.run = run
        backfill = record.backfill
        endedAt = state?.endedAt
        switch state?.status {
        case .succeeded?: ending = .succeeded
        case let status? where !status.isEnded: ending = nil
        case nil: ending = .terminated
        default: ending = state?.stoppedBy == nil ? .failed : .terminated
        }
    }
}

/// A decision about one schedule.
public struct ScheduleStep: Sendable, Hashable {
    /// An occurrence that starts.
    public struct Start: Sendable, Hashable {
        public var nominal: Date
        public var reason: String?
        public var detail: String?
        public var backfill: Int?
        public var run: NewRun

        public init(
            nominal: Date, reason: String? = nil, detail: String? = nil, backfill: Int? = nil, run: NewRun
        ) {
            self.nominal = nominal
            self.reason = reason
            self.detail = detail
            self.backfill = backfill
            self.run = run
        }
    }

    /// As it shall be, at the version at which it was read.
    public var schedule: StoredSchedule
    /// What does not start, or not yet.
    public var records: [OccurrenceRecord] = []
    /// What starts, in order. One that has a run already is left out.
    public var starts: [Start] = []
    /// Runs to terminate before.
    public var stops: [RunID] = []
    /// Who terminates them, for the record.
    public var stopper = "its schedule"
    /// Nominal times of occurrences whose run's end has been taken into account.
    public var settled: [Date] = []

    public init(_ schedule: StoredSchedule) { self.schedule = schedule }
}

/// What became of a ``ScheduleStep``.
public enum ScheduleCommit: Sendable, Hashable {
    /// It is written; with the schedule as it stands and the runs that were submitted.
    case done(StoredSchedule, runs: [Run])
    /// The schedule has changed since it was read, or is gone: nothing was written.
    case stale
}

extension ScheduleStore {
    /// Changes a schedule as `decide` says, once more when an engine was faster.
    ///
    /// - Parameter decide: is given the schedule as it stands and the present on the store's clock.
    /// - Returns: the schedule as it stands then; nil when there is none.
    @discardableResult
    public func change(
        _ id: ScheduleID, _ decide: (StoredSchedule, _ now: Date) throws -> ScheduleStep
    ) throws -> StoredSchedule? {
        while let schedule = try schedule(id) {
            if case .done(let changed, _)? = try commit([try decide(schedule, now)]).first { return changed }
        }
        return nil
    }
}
