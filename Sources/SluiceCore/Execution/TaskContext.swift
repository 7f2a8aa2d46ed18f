import Foundation

/// An attempt's only way out and in.
///
/// The synchronous members append to the attempt's journal and are cheap enough for every statement and every line.
public protocol TaskContext: Sendable {
    /// Parameters and upstream values.
    var inputs: TaskInputs { get }

    /// Where to go on, when this attempt resumes an earlier one.
    var resumePoint: ResumePoint? { get }

    /// Marks durably that execution has begun: from here on the attempt may have had effects.
    ///
    /// Call it once preparations (an environment, a session) are made and before the first effect.
    ///
    /// - Throws: ``LeaseLost`` when the attempt is no longer this worker's; start nothing then.
    func begin() async throws

    /// One line of output.
    func log(_ line: LogLine) throws

    /// A step is about to be sent. On return the record survives the death of this process.
    func stepStarted(_ step: StepStart) throws

    /// A step has ended.
    func stepEnded(_ step: StepEnd) throws

    /// The first rows of a step that answered with rows.
    func preview(_ preview: StepPreview) throws

    /// How far the attempt is: `fraction` from 0 to 1, nil when unknown.
    func progress(_ fraction: Double?, _ text: String) throws

    /// Sets the value that later tasks see; the last call counts.
    ///
    /// - Throws: ``DefinitionError`` `value.too-large` above 64 kB of JSON.
    func result(_ value: JSONValue) throws

    /// Keeps a copy of the file at `path` with the run.
    ///
    /// - Parameter name: the name it is kept under; a later artifact of the same name replaces it.
    func artifact(_ path: URL, name: String) throws

    /// The task's connection, resolved with its secret at this moment.
    func connection() async throws -> Connection

    /// Opens a database session on the task's connection, in the task's database and schema.
    func openSession() async throws -> any DatabaseSession

    /// Moves the attempt to a slot of `pool`: gives up its slot first, waits as *pending* with the lease kept.
    func enter(pool: String) async throws

    /// The catalogue that the run pinned: the modules that a script may import.
    func snapshot() async throws -> CatalogueSnapshot

    /// The bytes of a pinned script.
    func content(of hash: ContentHash) async throws -> Data
}

/// What an attempt is given by the run and by the tasks before it.
public struct TaskInputs: Sendable, Hashable, Codable {
    /// The run's parameters with the task's own over them.
    public var parameters: [String: JSONValue]
    /// The values of the tasks upstream, by task name.
    public var upstream: [String: JSONValue]

    public init(parameters: [String: JSONValue] = [:], upstream: [String: JSONValue] = [:]) {
        self.parameters = parameters
        self.upstream = upstream
    }
}

/// The step at which a resumed attempt goes on.
public struct ResumePoint: Sendable, Hashable, Codable {
    /// The attempt that is resumed.
    public var attempt: AttemptID
    /// The first step to send, from 0.
    public var step: Int

    public init(attempt: AttemptID, step: Int) {
        self.attempt = attempt
        self.step = step
    }
}

/// The attempt has lost its lease: another worker may have it. Whoever sees this stops at once and writes nothing.
public struct LeaseLost: SluiceError, Hashable {
    public var attempt: AttemptID

    public init(_ attempt: AttemptID) { self.attempt = attempt }

    public var code: String { "lease.lost" }
    public var category: ErrorCategory { .conflict }
    public var message: String { "Attempt \(attempt) is no longer leased to this worker." }
}
