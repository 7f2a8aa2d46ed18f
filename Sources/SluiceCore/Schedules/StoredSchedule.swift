import Foundation

/// A schedule, or another trigger, of a saved job as it lies in a store.
public struct StoredSchedule: Sendable, Hashable, Codable {
    public var id: ScheduleID
    /// Counted up by every write, so that a decision about what has changed meanwhile is not written.
    public var version: Int64
    public var job: JobID
    public var trigger: Trigger
    public var owner: String
    public var state: ScheduleState
    /// Past ranges that are being run, in the order in which they were asked for.
    public var backfills: [Backfill]
    /// When it has to be looked at, on the store's clock; nil when nothing is to come.
    public var nextCheck: Date?
    public var createdAt: Date
    /// When a person changed it last.
    public var updatedAt: Date

    public init(
        id: ScheduleID, version: Int64 = 1, job: JobID, trigger: Trigger, owner: String, state: ScheduleState,
        backfills: [Backfill] = [], nextCheck: Date? = nil, createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.version = version
        self.job = job
        self.trigger = trigger
        self.owner = owner
        self.state = state
        self.backfills = backfills
        self.nextCheck = nextCheck
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// One that is set now.
    ///
    /// - Parameter now: on the store's clock.
    public init(_ id: ScheduleID, _ trigger: Trigger, of job: JobID, owner: String, at now: Date) {
        self.init(
            id: id, job: job, trigger: trigger, owner: owner, state: ScheduleState(setAt: now), createdAt: now,
            updatedAt: now)
        nextCheck = trigger.schedule?.next(after: now).map { startTime(of: $0.nominal) }
    }

    /// What names it for the delays of ``Schedule/startTime(of:id:)``.
    public var name: String { "\(id)" }

    /// When the run of an occurrence starts, unless something is in its way.
    public func startTime(of nominal: Date) -> Date {
        trigger.schedule?.startTime(of: nominal, id: name) ?? nominal
    }

    /// The next occurrence; nil when there is none to come, or when it waits for an event.
    public var next: Occurrence? { trigger.schedule?.next(after: state.handledThrough) }

    /// A past range that is being run.
    public struct Backfill: Sendable, Hashable, Codable {
        /// From 1, unique for the schedule.
        public var number: Int
        /// Nominal times from here on.
        public var from: Date
        /// Nominal times up to here, which is included.
        public var through: Date
        /// Every occurrence up to this instant has started, or had started before.
        public var handledThrough: Date
        /// How many of its runs are open at a time.
        public var concurrency: Int
        /// Who asked.
        public var person: String

        public init(number: Int, from: Date, through: Date, concurrency: Int, person: String) {
            self.number = number
            self.from = from
            self.through = through
            handledThrough = from.addingTimeInterval(-1)
            self.concurrency = concurrency
            self.person = person
        }

        /// The bounds of ``concurrency``.
        public static let concurrencies = 1...1_000
    }
}
