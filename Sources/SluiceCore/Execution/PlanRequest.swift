import Foundation

/// A script to plan, with everything around it that decides where it will run.
public struct PlanRequest: Sendable, Hashable, Codable {
    public var script: ScriptVersion
    /// The script's bytes, as pinned.
    public var content: Data
    /// The connection the task will act on, without its secret.
    public var connection: ConnectionInfo
    /// The engine's defaults with the connection's and the task's choices over them; what the script says goes on top.
    public var defaults: SessionDefaults
    /// The run's parameters with the task's own over them.
    public var parameters: [String: JSONValue]
    /// The names of the tasks whose values the script may use; nil when it is planned outside a job, where neither they nor
    /// the parameters are known.
    public var upstream: [String]?

    public init(
        script: ScriptVersion, content: Data, connection: ConnectionInfo, defaults: SessionDefaults,
        parameters: [String: JSONValue] = [:], upstream: [String]? = nil
    ) {
        self.script = script
        self.content = content
        self.connection = connection
        self.defaults = defaults
        self.parameters = parameters
        self.upstream = upstream
    }
}

/// What a script needs, known before it runs.
public struct TaskPlan: Sendable, Hashable, Codable {
    /// Database, schema and pool as they stand before the first statement that is not a `USE`.
    public var target: SessionDefaults
    /// The steps, in order; empty for a kind that has none.
    public var steps: [StepRange]
    /// Pools that the script moves to later on, in order; the engine refuses a run that names an unknown one.
    public var laterPools: [String]
    public var warnings: [PlanWarning]

    public init(
        target: SessionDefaults, steps: [StepRange] = [], laterPools: [String] = [], warnings: [PlanWarning] = []
    ) {
        self.target = target
        self.steps = steps
        self.laterPools = laterPools
        self.warnings = warnings
    }
}

/// Where one step stands in its script's bytes. Never a copy of the text: the script's hash and this range say it all.
public struct StepRange: Sendable, Hashable, Codable {
    /// Offset of the first byte, from 0.
    public var start: Int
    /// Offset behind the last byte.
    public var end: Int
    /// Line of the first byte, from 1.
    public var line: Int
    /// Column of the first byte, from 1, in Unicode scalars.
    public var column: Int

    public init(start: Int, end: Int, line: Int, column: Int) {
        self.start = start
        self.end = end
        self.line = line
        self.column = column
    }
}

/// Something that will run but that its author should look at.
public struct PlanWarning: Sendable, Hashable, Codable {
    /// A stable identifier such as `sql.bare-select`.
    public var code: String
    public var message: String
    /// Line from 1, when the warning is about a place.
    public var line: Int?
    /// Column from 1.
    public var column: Int?

    public init(code: String, message: String, line: Int? = nil, column: Int? = nil) {
        self.code = code
        self.message = message
        self.line = line
        self.column = column
    }
}
