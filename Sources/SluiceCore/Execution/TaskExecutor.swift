/// Runs scripts of one kind. The whole boundary between the house and a plugin.
///
/// `ExecutorConformance` in `SluiceTesting` is the suite that an implementation must pass.
public protocol TaskExecutor: Sendable {
    /// The script kind that selects this executor, such as `sql`.
    var kind: ScriptKind { get }

    /// The file extensions of its scripts, lower case and without the dot, such as `["sql"]`.
    var fileExtensions: [String] { get }

    /// Reads a script and says what it needs, without running it and without side effects.
    ///
    /// - Throws: a ``SluiceError`` of category `badInput` when the script can never run as it is.
    func plan(_ request: PlanRequest) async throws -> TaskPlan

    /// Runs one attempt. Expected endings are returned, faults are thrown.
    ///
    /// An executor calls ``TaskContext/begin()`` before its first effect outside the data folder's caches. When the
    /// task is cancelled it ends everything it started, then throws `CancellationError`.
    func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome

    /// Ends whatever the executor keeps warm between attempts. The engine calls it once, after the last attempt.
    func shutdown() async
}

extension TaskExecutor {
    public func shutdown() async {}
}
