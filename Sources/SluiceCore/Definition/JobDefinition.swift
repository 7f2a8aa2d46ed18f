/// A workflow of scripts, as a person writes it.
///
/// The specification: "A Job is an automated set of SQL and Python scripts that form a workflow."
public struct JobDefinition: Sendable, Hashable, Codable {
    /// 1 to 128 characters.
    public var name: String
    /// At most 255 characters.
    public var description: String = ""
    /// What a run may say, and what holds when it does not; a run may say these names and no others.
    public var parameters: [String: JobParameter] = [:]
    /// In the order they run, unless they say `after`.
    public var tasks: [TaskDefinition]
    /// Runs when all others have ended, however they ended, unless a person terminated the run.
    public var finally: TaskDefinition?
    /// How long a run may take from its first attempt on, in seconds; the `finally` task is not counted.
    public var timeLimit: Double?
    /// How many runs of the job may be under way at a time; later ones wait in the order they came.
    public var maxConcurrentRuns: Int?
    /// What a failed task means for the others.
    public var onFailure: FailurePolicy = .stop
    /// From ``DefinitionLimits/priorities``: one more is twice the share of a pool that is fought over.
    public var priority: Int = 0

    public init(
        name: String, description: String = "", parameters: [String: JobParameter] = [:], tasks: [TaskDefinition],
        finally: TaskDefinition? = nil
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.tasks = tasks
        self.finally = finally
    }

    /// Every task in the order of a run's task runs: those of the list, then the one that runs at last.
    public var allTasks: [TaskDefinition] { finally.map { tasks + [$0] } ?? tasks }

    /// The task at a place of ``allTasks``.
    public func task(at index: Int) -> TaskDefinition? {
        tasks.indices.contains(index) ? tasks[index] : index == tasks.count ? finally : nil
    }
}

/// One step of a job: a single script and how to run it.
public struct TaskDefinition: Sendable, Hashable, Codable {
    /// 1 to 128 characters, unique within the job.
    public var name: String
    /// At most 255 characters.
    public var description: String = ""
    /// The script's name in the catalogue.
    public var script: String
    /// The script's kind, when its file extension does not say it.
    public var kind: ScriptKind?
    /// The tasks that must have ended first. Nil means the task before this one in the list; an empty list, none.
    public var after: [String]?
    /// How these must have ended for this one to run.
    public var runIf: RunCondition = .allSucceeded
    /// The pool where the task queues, unless the script says `USE POOL`.
    public var pool: String?
    /// The database whose names the script sees, unless it says `USE DATABASE`.
    public var database: String?
    /// The schema in which unqualified names resolve, unless the script says `USE SCHEMA`.
    public var schema: String?
    /// The connection to act on; nil means the Jobs connection.
    public var connection: String?
    /// Parameters of this task alone, over the job's.
    public var parameters: [String: JSONValue] = [:]
    /// Nil: a failed attempt is not tried again.
    public var retries: RetryPolicy?
    public var limits: TaskLimits?
    /// Whether the script may run twice without harm, so that an attempt whose worker vanished is run again.
    public var idempotent: Bool = false
    /// Nil: the task runs once.
    public var forEach: ForEach?

    public init(
        name: String, description: String = "", script: String, kind: ScriptKind? = nil, after: [String]? = nil,
        runIf: RunCondition = .allSucceeded, pool: String? = nil, database: String? = nil, schema: String? = nil,
        connection: String? = nil, parameters: [String: JSONValue] = [:], retries: RetryPolicy? = nil,
        limits: TaskLimits? = nil, idempotent: Bool = false, forEach: ForEach? = nil
    ) {
        self.name = name
        self.description = description
        self.script = script
        self.kind = kind
        self.after = after
        self.runIf = runIf
        self.pool = pool
        self.database = database
        self.schema = schema
        self.connection = connection
        self.parameters = parameters
        self.retries = retries
        self.limits = limits
        self.idempotent = idempotent
        self.forEach = forEach
    }

    /// What the task itself says of database, schema and pool.
    public var overrides: SessionOverrides { SessionOverrides(database: database, schema: schema, pool: pool) }
}

// How stores keep definitions. Written by hand on the reading side, so that what an earlier version stored is read with the
// defaults of the fields that came later.

extension JobDefinition {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try fields.decode(String.self, forKey: .name),
            description: try fields.decodeIfPresent(String.self, forKey: .description) ?? "",
            parameters: try fields.decodeIfPresent([String: JobParameter].self, forKey: .parameters) ?? [:],
            tasks: try fields.decode([TaskDefinition].self, forKey: .tasks),
            finally: try fields.decodeIfPresent(TaskDefinition.self, forKey: .finally))
        timeLimit = try fields.decodeIfPresent(Double.self, forKey: .timeLimit)
        maxConcurrentRuns = try fields.decodeIfPresent(Int.self, forKey: .maxConcurrentRuns)
        onFailure = try fields.decodeIfPresent(FailurePolicy.self, forKey: .onFailure) ?? .stop
        priority = try fields.decodeIfPresent(Int.self, forKey: .priority) ?? 0
    }
}

extension TaskDefinition {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try fields.decode(String.self, forKey: .name),
            description: try fields.decodeIfPresent(String.self, forKey: .description) ?? "",
            script: try fields.decode(String.self, forKey: .script),
            kind: try fields.decodeIfPresent(ScriptKind.self, forKey: .kind),
            after: try fields.decodeIfPresent([String].self, forKey: .after),
            runIf: try fields.decodeIfPresent(RunCondition.self, forKey: .runIf) ?? .allSucceeded,
            pool: try fields.decodeIfPresent(String.self, forKey: .pool),
            database: try fields.decodeIfPresent(String.self, forKey: .database),
            schema: try fields.decodeIfPresent(String.self, forKey: .schema),
            connection: try fields.decodeIfPresent(String.self, forKey: .connection),
            parameters: try fields.decodeIfPresent([String: JSONValue].self, forKey: .parameters) ?? [:],
            retries: try fields.decodeIfPresent(RetryPolicy.self, forKey: .retries),
            limits: try fields.decodeIfPresent(TaskLimits.self, forKey: .limits),
            idempotent: try fields.decodeIfPresent(Bool.self, forKey: .idempotent) ?? false,
            forEach: try fields.decodeIfPresent(ForEach.self, forKey: .forEach))
    }
}
