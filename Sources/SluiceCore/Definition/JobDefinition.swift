/// A workflow of scripts, as a person writes it.
///
/// The specification: "A Job is an automated set of SQL and Python scripts that form a workflow."
public struct JobDefinition: Sendable, Hashable, Codable {
    /// 1 to 128 characters.
    public var name: String
    /// At most 255 characters.
    public var description: String
    /// Run-time parameters with their default values; a run may override these names and no others.
    public var parameters: [String: JSONValue]
    /// In the order they run, unless they say `after`.
    public var tasks: [TaskDefinition]

    public init(
        name: String, description: String = "", parameters: [String: JSONValue] = [:], tasks: [TaskDefinition]
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.tasks = tasks
    }
}

/// One step of a job: a single script and how to run it.
public struct TaskDefinition: Sendable, Hashable, Codable {
    /// 1 to 128 characters, unique within the job.
    public var name: String
    /// At most 255 characters.
    public var description: String
    /// The script's name in the catalogue.
    public var script: String
    /// The script's kind, when its file extension does not say it.
    public var kind: ScriptKind?
    /// The tasks that must have succeeded first. Nil means the task before this one in the list; an empty list, none.
    public var after: [String]?
    /// The pool where the task queues, unless the script says `USE POOL`.
    public var pool: String?
    /// The database whose names the script sees, unless it says `USE DATABASE`.
    public var database: String?
    /// The schema in which unqualified names resolve, unless the script says `USE SCHEMA`.
    public var schema: String?
    /// The connection to act on; nil means the Jobs connection.
    public var connection: String?
    /// Parameters of this task alone, over the job's.
    public var parameters: [String: JSONValue]

    public init(
        name: String, description: String = "", script: String, kind: ScriptKind? = nil, after: [String]? = nil,
        pool: String? = nil, database: String? = nil, schema: String? = nil, connection: String? = nil,
        parameters: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.description = description
        self.script = script
        self.kind = kind
        self.after = after
        self.pool = pool
        self.database = database
        self.schema = schema
        self.connection = connection
        self.parameters = parameters
    }

    /// What the task itself says of database, schema and pool.
    public var overrides: SessionOverrides { SessionOverrides(database: database, schema: schema, pool: pool) }
}
