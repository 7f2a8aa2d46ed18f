import Foundation

/// Durable runs. Every method is one transaction; what it answered survives `kill -9`.
///
/// Synchronous, so that the engine's steps can be driven by a simulation as well as by a loop. `StoreConformance` in
/// `SluiceTesting` is the suite that an implementation must pass, over two handles on the same store.
public protocol RunStore: Sendable {
    /// Writes a run, its task runs and its first events.
    ///
    /// - Returns: the run; the earlier one when its idempotency key is known already.
    func submit(_ run: NewRun) throws -> Submitted

    /// Moves attempts on and leases new ones, all in one transaction.
    ///
    /// Slots, order and overlap are decided here, so that several workers can share the store.
    func advance(_ order: AdvanceOrder) throws -> Advanced

    /// Lets `lease`d attempts live until `duration` from now on the store's clock.
    ///
    /// - Returns: the attempts whose lease was no longer theirs.
    func renew(_ leases: [HeldLease], for duration: Duration) throws -> [AttemptID]

    /// Asks for a slot of `pool` in exchange for the slot held now, which is given up at once.
    ///
    /// - Returns: whether the slot is granted; if not, ask again after the next signal.
    /// - Throws: ``LeaseLost``.
    func move(_ lease: HeldLease, to pool: String) throws -> Bool

    /// Asks for a run to end: what waits will not start, what runs is told to stop by its worker.
    ///
    /// - Returns: the run as it stands now; nil when there is none.
    func stop(_ run: RunID, by person: String) throws -> RunState?

    /// Asks for one task of a run to end, with the elements of a for-each.
    ///
    /// - Returns: the run as it stands now; nil when there is no such task.
    /// - Throws: ``RunMachineError`` when it has ended.
    func stopTask(_ task: TaskRunID, by person: String) throws -> RunState?

    /// Lets a failed run go on from where it failed, as new attempts behind the old ones.
    ///
    /// - Returns: the run as it stands now; nil when there is none.
    /// - Throws: ``RunMachineError`` unless it has failed.
    func reopen(_ run: RunID, _ how: RunMachine.Reopening) throws -> RunState?

    /// Ends what is over its limits of time on the store's clock.
    ///
    /// - Returns: the running attempts that their workers must end for it.
    func enforceLimits() throws -> [AttemptID]

    /// When the next limit is exceeded or the next retry is due; nil when nothing waits for time to pass.
    func nextDue() throws -> Date?

    /// Where in line the tasks of a run stand that wait for a slot: places from 1, by the task's place in the run.
    func placesInLine(of run: RunID) throws -> [Int: Int]

    /// The leases that have expired on the store's clock, or belong to a worker for which `isDead` says so.
    func expiredLeases(isDead: (_ worker: String) -> Bool) throws -> [HeldLease]

    func run(_ id: RunID) throws -> RunState?

    /// Runs, newest first.
    func runs(_ query: RunQuery) throws -> [Run]

    /// Committed changes in commit order.
    ///
    /// - Parameters:
    ///   - sequence: the last sequence number already seen; 0 for all.
    ///   - run: only this run's, when given.
    func events(after sequence: Int64, run: RunID?, limit: Int) throws -> [RunEvent]

    /// A stream that yields after commits of any handle on this store within this process; several commits may share
    /// one signal. Look into the store once after subscribing.
    func signals() -> AsyncStream<Void>

    func pools() throws -> [Pool]

    /// How much every pool is in use, by name.
    func poolUse() throws -> [PoolUse]

    /// Creates the pool or changes the one of its name. Making one the default takes that from the others.
    func save(_ pool: Pool) throws

    /// - Throws: a ``SluiceError`` of category `conflict` for the default pool and for one in which tasks run or wait, of
    ///   category `notFound` when there is none of that name.
    func deletePool(_ name: String) throws
}

/// A named set of worker slots.
public struct Pool: Sendable, Hashable, Codable {
    public var name: String
    /// How many attempts may run in it at a time.
    public var slots: Int
    /// Whether tasks that name no pool queue here.
    public var isDefault: Bool
    /// Whether nothing new starts in it; what waits keeps its place, what runs goes on.
    public var isSuspended: Bool
    /// Limits of time for every task that queues here, beside its own; the stricter one holds.
    public var limits: TaskLimits
    /// How much of the machine each attempt in it may take.
    public var resources: AttemptLimits

    public init(
        name: String, slots: Int, isDefault: Bool = false, isSuspended: Bool = false, limits: TaskLimits = TaskLimits(),
        resources: AttemptLimits = AttemptLimits()
    ) {
        self.resources = resources
        self.name = name
        self.slots = slots
        self.isDefault = isDefault
        self.isSuspended = isSuspended
        self.limits = limits
    }
}

/// How much a pool is in use.
public struct PoolUse: Sendable, Hashable, Codable {
    public var pool: String
    /// Attempts that hold a slot.
    public var holding: Int
    /// Tasks and attempts that wait for one.
    public var waiting: Int

    public init(pool: String, holding: Int, waiting: Int) {
        self.pool = pool
        self.holding = holding
        self.waiting = waiting
    }
}

/// A run to be written.
public struct NewRun: Sendable, Hashable {
    public var job: JobVersion?
    public var definition: JobDefinition
    public var trigger: RunTrigger
    public var initiator: String
    public var parameters: [String: JSONValue]
    public var nominalTime: Date
    public var snapshot: ContentHash
    public var idempotencyKey: String?
    /// As long as ``JobDefinition/allTasks``, in that order.
    public var tasks: [PinnedTask]
    /// The worker that the run lives and dies with; nil for a run that any engine goes on with.
    public var attachedTo: String?
    /// The run that it repeats.
    public var rerunOf: RunID?

    public init(
        job: JobVersion?, definition: JobDefinition, trigger: RunTrigger, initiator: String,
        parameters: [String: JSONValue], nominalTime: Date, snapshot: ContentHash, idempotencyKey: String?,
        tasks: [PinnedTask], attachedTo: String? = nil, rerunOf: RunID? = nil
    ) {
        self.job = job
        self.definition = definition
        self.trigger = trigger
        self.initiator = initiator
        self.parameters = parameters
        self.nominalTime = nominalTime
        self.snapshot = snapshot
        self.idempotencyKey = idempotencyKey
        self.tasks = tasks
        self.attachedTo = attachedTo
        self.rerunOf = rerunOf
    }

    /// The run that a store writes for this, once it has an identity.
    ///
    /// - Parameter isHeld: whether it has to wait for other runs of its job.
    public func started(as id: RunID, at now: Date, isHeld: Bool = false) -> RunMachine.Transition {
        var run = Run(
            id: id, job: job, definition: definition, trigger: trigger, initiator: initiator, parameters: parameters,
            nominalTime: nominalTime, snapshot: snapshot, reason: isHeld ? Run.heldReason : nil, submittedAt: now)
        run.isHeld = isHeld
        run.attachedTo = attachedTo
        run.rerunOf = rerunOf
        let tasks = zip(definition.allTasks, tasks).enumerated().map { index, pair in
            TaskRun(id: TaskRunID(run: id, index: index), name: pair.0.name, pinned: pair.1)
        }
        return RunMachine.start(run, tasks: tasks, at: now)
    }
}

/// What became of a submission.
public struct Submitted: Sendable, Hashable {
    public var state: RunState
    /// False when the idempotency key was known and nothing was written.
    public var isNew: Bool

    public init(state: RunState, isNew: Bool) {
        self.state = state
        self.isNew = isNew
    }
}

/// A lease as its holder knows it.
public struct HeldLease: Sendable, Hashable {
    public var attempt: AttemptID
    /// The fencing token.
    public var token: Int64

    public init(attempt: AttemptID, token: Int64) {
        self.attempt = attempt
        self.token = token
    }
}

/// What a worker wants done in one transaction.
public struct AdvanceOrder: Sendable {
    /// Attempts whose execution is about to begin.
    public var begun: [HeldLease]
    /// Attempts that are over.
    public var ended: [Ended]
    /// What to lease afterwards; nil for nothing.
    public var lease: LeaseOrder?

    public struct Ended: Sendable, Hashable {
        public var lease: HeldLease
        public var ending: AttemptEnding
        /// From 0 to 1: where a retry's delay falls in its spread.
        public var chance: Double

        public init(lease: HeldLease, ending: AttemptEnding, chance: Double = 0.5) {
            self.lease = lease
            self.ending = ending
            self.chance = chance
        }
    }

    public init(begun: [HeldLease] = [], ended: [Ended] = [], lease: LeaseOrder? = nil) {
        self.begun = begun
        self.ended = ended
        self.lease = lease
    }
}

/// What a worker can take on.
public struct LeaseOrder: Sendable, Hashable {
    /// Who leases.
    public var worker: String
    /// The script kinds it can run.
    public var kinds: Set<ScriptKind>
    /// How many attempts at the most.
    public var limit: Int
    /// How long a lease lives without being renewed.
    public var duration: Duration
    /// Whether only runs that are attached to the worker are its business.
    public var attachedOnly: Bool

    public init(
        worker: String, kinds: Set<ScriptKind>, limit: Int, duration: Duration, attachedOnly: Bool = false
    ) {
        self.worker = worker
        self.kinds = kinds
        self.limit = limit
        self.duration = duration
        self.attachedOnly = attachedOnly
    }
}

/// What an ``AdvanceOrder`` led to.
public struct Advanced: Sendable {
    /// Attempts of the order whose token was stale: nothing was written for them, and their worker must stop them.
    public var stale: [AttemptID]
    public var leased: [LeasedTask]

    public init(stale: [AttemptID] = [], leased: [LeasedTask] = []) {
        self.stale = stale
        self.leased = leased
    }
}

/// An attempt that a worker may run now.
public struct LeasedTask: Sendable, Hashable {
    public var run: Run
    public var task: TaskRun
    public var inputs: TaskInputs
    public var lease: HeldLease

    public init(run: Run, task: TaskRun, inputs: TaskInputs, lease: HeldLease) {
        self.run = run
        self.task = task
        self.inputs = inputs
        self.lease = lease
    }
}

/// Which runs to list.
public struct RunQuery: Sendable, Hashable {
    /// Only runs before this one, for the next page.
    public var before: RunID?
    /// Only runs in one of these; nil for all.
    public var statuses: Set<RunStatus>?
    /// Only runs of jobs of this name.
    public var jobName: String?
    /// Only runs that live and die with a worker, or only the others; nil for all.
    public var isAttached: Bool?
    public var limit: Int

    public init(
        before: RunID? = nil, statuses: Set<RunStatus>? = nil, jobName: String? = nil, isAttached: Bool? = nil,
        limit: Int = 50
    ) {
        self.isAttached = isAttached
        self.before = before
        self.statuses = statuses
        self.jobName = jobName
        self.limit = limit
    }
}
