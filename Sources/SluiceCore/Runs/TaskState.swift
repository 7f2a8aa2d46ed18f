/// Where a task run stands.
public enum TaskState: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, running
    case succeeded, failed
    /// A person stopped it.
    case terminated
    case timedOut
    /// Its worker vanished; whether its work took effect is unknown.
    case lost
    /// A condition of the job said that it need not run.
    case skipped
    /// The run ended before its turn came.
    case notRun

    /// Whether it will change no more.
    public var isEnded: Bool { self != .pending && self != .running }

    /// Whether it counts as a failure of the job.
    public var isFailure: Bool {
        switch self {
        case .failed, .terminated, .timedOut, .lost: true
        case .pending, .running, .succeeded, .skipped, .notRun: false
        }
    }

    /// The specification's word (*Task Status*).
    public var label: String {
        switch self {
        case .succeeded: "Done"
        case .failed, .terminated, .timedOut, .lost: "Failed"
        case .running: "Running"
        case .pending, .skipped, .notRun: "Pending"
        }
    }
}

/// Where a run stands.
public enum RunStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, running, succeeded, failed

    public var isEnded: Bool { self == .succeeded || self == .failed }

    /// The specification's word (*Job Status*).
    public var label: String {
        switch self {
        case .pending: "Pending"
        case .running: "Running"
        case .succeeded: "Completed Successfully"
        case .failed: "Failed"
        }
    }
}
