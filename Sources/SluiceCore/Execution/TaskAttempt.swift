import Foundation

/// One attempt at one task: everything that is known before it starts.
public struct TaskAttempt: Sendable, Hashable, Codable {
    public var id: AttemptID
    /// The job's name.
    public var job: String
    /// The task's name.
    public var task: String
    public var script: ScriptVersion
    /// The script's bytes, as pinned.
    public var content: Data
    /// The catalogue snapshot that the run pinned; ``TaskContext/snapshot()`` opens it.
    public var snapshot: ContentHash
    /// Database, schema and pool, as planned.
    public var target: SessionDefaults
    /// The connection to act on, without its secret.
    public var connection: ConnectionInfo
    /// The instant the run stands for: the occurrence's when scheduled, else that of its submission.
    public var nominalTime: Date
    /// How much of the machine it may take.
    public var limits: AttemptLimits

    public init(
        id: AttemptID, job: String, task: String, script: ScriptVersion, content: Data, snapshot: ContentHash,
        target: SessionDefaults, connection: ConnectionInfo, nominalTime: Date, limits: AttemptLimits = AttemptLimits()
    ) {
        self.id = id
        self.job = job
        self.task = task
        self.script = script
        self.content = content
        self.snapshot = snapshot
        self.target = target
        self.connection = connection
        self.nominalTime = nominalTime
        self.limits = limits
    }
}

/// How an attempt ended, as its executor saw it.
public enum TaskOutcome: Sendable, Hashable, Codable {
    /// Done; the value passes to later tasks.
    case succeeded(value: JSONValue?)
    case failed(TaskFailure)
}

/// Why a task failed, for the person who has to mend it.
public struct TaskFailure: Sendable, Hashable, Codable {
    /// A stable identifier such as `sql.error`, `python.exception`.
    public var code: String
    /// One or two sentences, secrets taken out.
    public var message: String
    /// The step that failed, from 0, for a kind that has steps.
    public var step: Int?
    /// Line in the script, from 1.
    public var line: Int?
    /// Column in the script, from 1.
    public var column: Int?
    /// The long form: a traceback, an installer's words.
    public var detail: String?
    /// The process's exit status, for a kind that runs processes.
    public var exitStatus: Int?

    public init(
        code: String, message: String, step: Int? = nil, line: Int? = nil, column: Int? = nil, detail: String? = nil,
        exitStatus: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.step = step
        self.line = line
        self.column = column
        self.detail = detail
        self.exitStatus = exitStatus
    }
}
