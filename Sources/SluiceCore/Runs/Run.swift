import Foundation

/// One execution of a job: what was pinned when it was submitted, and how it stands.
public struct Run: Sendable, Hashable, Codable {
    public var id: RunID
    /// The saved job it runs; nil for an inline definition.
    public var job: JobVersion?
    /// The definition as it stood when the run was submitted.
    public var definition: JobDefinition
    public var trigger: RunTrigger
    /// Who asked: a user's name, `schedule`, a host app's own word.
    public var initiator: String
    /// The job's parameters with the run's own over them.
    public var parameters: [String: JSONValue]
    /// The instant the run stands for.
    public var nominalTime: Date
    /// The catalogue snapshot that it pinned.
    public var snapshot: ContentHash
    public var status: RunStatus
    /// Why it is in this status, when the status alone does not say it.
    public var reason: String?
    /// Who asked for it to stop; nil while nobody did.
    public var stoppedBy: String?
    public var submittedAt: Date
    public var startedAt: Date?
    public var endedAt: Date?
    /// Whether it waits for other runs of its job to end (``JobDefinition/maxConcurrentRuns``).
    public var isHeld = false
    /// Why its time is over; nil while it is within ``JobDefinition/timeLimit``.
    public var overtime: String?
    /// The worker that it lives and dies with; nil for a run that any engine goes on with.
    public var attachedTo: String?
    /// The run that it repeats.
    public var rerunOf: RunID?

    public init(
        id: RunID, job: JobVersion?, definition: JobDefinition, trigger: RunTrigger, initiator: String,
        parameters: [String: JSONValue], nominalTime: Date, snapshot: ContentHash, status: RunStatus = .pending,
        reason: String? = nil, stoppedBy: String? = nil, submittedAt: Date, startedAt: Date? = nil,
        endedAt: Date? = nil
    ) {
        self.id = id
        self.job = job
        self.definition = definition
        self.trigger = trigger
        self.initiator = initiator
        self.parameters = parameters
        self.nominalTime = nominalTime
        self.snapshot = snapshot
        self.status = status
        self.reason = reason
        self.stoppedBy = stoppedBy
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    /// Whether nothing of it may start any more, but for the task that runs at last.
    public var isStopping: Bool { stoppedBy != nil || overtime != nil }
}

/// A saved job at one of its versions.
public struct JobVersion: Sendable, Hashable, Codable {
    public var job: JobID
    /// From 1, counted up by each save.
    public var version: Int

    public init(job: JobID, version: Int) {
        self.job = job
        self.version = version
    }
}

/// What started a run.
public enum RunTrigger: String, Sendable, Hashable, Codable, CaseIterable {
    case manual, schedule, backfill, api, host
    /// A person had an earlier run repeated.
    case rerun
    /// Another job ended, or an object appeared or changed in a source.
    case event
}

/// One task of a run.
public struct TaskRun: Sendable, Hashable, Codable {
    public var id: TaskRunID
    /// The task's name.
    public var name: String
    /// What was pinned and planned for it.
    public var pinned: PinnedTask
    public var state: TaskState
    /// Why it is in this state: `waits for pool etl`, `task 'load' failed`, `terminated by dana`.
    public var reason: String?
    /// How many attempts have been leased so far.
    public var attempt: Int
    /// The pool whose slot it holds or waits for; the planned one until it moves.
    public var pool: String
    /// Whether a running attempt waits for a slot of ``pool``.
    public var waitsForSlot: Bool
    /// When it became ready to be leased; nil while it waits for other tasks.
    public var readyAt: Date?
    public var startedAt: Date?
    public var endedAt: Date?
    public var lease: Lease?
    public var value: JSONValue?
    public var failure: TaskFailure?
    /// When it first became ready to be leased; where ``TaskLimits/total`` counts from.
    public var firstReadyAt: Date?
    /// Why its attempt was told to end before its time; nil while nobody told it.
    public var stopping: AttemptStop?
    /// Its place in the order of its pool's queue; given by the store.
    public var rank: Double?
    /// The element of a for-each that it is run for.
    public var item: JSONValue?
    /// Where its next attempt goes on, or the present one began, when it resumes an earlier one.
    public var resume: ResumePoint?
    /// The attempts before the present one, oldest first.
    public var history: [PastAttempt] = []

    public init(
        id: TaskRunID, name: String, pinned: PinnedTask, state: TaskState = .pending, reason: String? = nil,
        attempt: Int = 0, pool: String? = nil, waitsForSlot: Bool = false, readyAt: Date? = nil,
        startedAt: Date? = nil, endedAt: Date? = nil, lease: Lease? = nil, value: JSONValue? = nil,
        failure: TaskFailure? = nil
    ) {
        self.id = id
        self.name = name
        self.pinned = pinned
        self.state = state
        self.reason = reason
        self.attempt = attempt
        self.pool = pool ?? pinned.target.pool
        self.waitsForSlot = waitsForSlot
        self.readyAt = readyAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.lease = lease
        self.value = value
        self.failure = failure
    }

    /// The attempt that is under way or was the last one; nil before the first.
    public var attemptID: AttemptID? { attempt == 0 ? nil : AttemptID(task: id, number: attempt) }

    /// Whether it holds or wants a slot of a pool: a for-each only counts its elements, which do.
    public var isAttempting: Bool { state == .running && lease != nil }
}

/// Why an attempt is told to end before its time.
public enum AttemptStop: Sendable, Hashable, Codable {
    case terminated(by: String)
    /// - Parameter seconds: the limit that it exceeded.
    case timedOut(TimeLimit, seconds: Double)
}

/// An attempt that another one has followed.
public struct PastAttempt: Sendable, Hashable, Codable {
    /// From 1.
    public var number: Int
    public var state: TaskState
    public var reason: String?
    public var startedAt: Date?
    public var endedAt: Date
    public var failure: TaskFailure?

    public init(
        number: Int, state: TaskState, reason: String?, startedAt: Date?, endedAt: Date, failure: TaskFailure?
    ) {
        self.number = number
        self.state = state
        self.reason = reason
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.failure = failure
    }
}

/// Everything about a task that is decided when its run is submitted and never changes.
public struct PinnedTask: Sendable, Hashable, Codable {
    public var script: ScriptVersion
    public var connection: ConnectionInfo
    /// Database, schema and pool, as planned.
    public var target: SessionDefaults
    /// How many steps the plan found; 0 for a kind that has none.
    public var stepCount: Int
    public var warnings: [PlanWarning]
    /// The run's parameters with the task's own over them.
    public var parameters: [String: JSONValue]
    /// The places of the tasks it waits for, from 0.
    public var upstream: [Int]
    /// The task's limits with its pool's beside them, the stricter of each; nil for none.
    public var limits: TaskLimits?
    /// How much of the machine each attempt may take, as its pool says; nil for no limit.
    public var resources: AttemptLimits?

    public init(
        script: ScriptVersion, connection: ConnectionInfo, target: SessionDefaults, stepCount: Int,
        warnings: [PlanWarning], parameters: [String: JSONValue], upstream: [Int], limits: TaskLimits? = nil,
        resources: AttemptLimits? = nil
    ) {
        self.resources = resources
        self.script = script
        self.connection = connection
        self.target = target
        self.stepCount = stepCount
        self.warnings = warnings
        self.parameters = parameters
        self.upstream = upstream
        self.limits = limits
    }
}

/// A worker's claim on one attempt.
public struct Lease: Sendable, Hashable, Codable {
    /// Who holds it.
    public var worker: String
    /// The fencing token: higher than every token that the store gave out before.
    public var token: Int64
    /// On the store's clock.
    public var expires: Date
    /// Whether execution has begun: before, the attempt has had no effect.
    public var begun: Bool

    public init(worker: String, token: Int64, expires: Date, begun: Bool = false) {
        self.worker = worker
        self.token = token
        self.expires = expires
        self.begun = begun
    }
}
