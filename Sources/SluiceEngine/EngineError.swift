import SluiceCore

/// What the engine itself cannot do.
public struct EngineError: SluiceError {
    public let code: String
    public let message: String
    public let category: ErrorCategory
    public let cause: (any Error)?

    init(code: String, category: ErrorCategory, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.category = category
        self.cause = cause
    }

    static func unknownJob(_ id: JobID) -> EngineError {
        EngineError(code: "job.unknown", category: .notFound, "There is no job \(id).")
    }

    static func unknownRun(_ id: RunID) -> EngineError {
        EngineError(code: "run.unknown", category: .notFound, "There is no run \(id).")
    }

    static func draft(_ job: StoredJob) -> EngineError {
        EngineError(
            code: "job.draft", category: .conflict,
            "'\(job.definition.name)' is a draft, and drafts do not run. Save it to Jobs first.")
    }
}
