import Foundation

/// One committed change of a run, in the order of its commit.
public struct RunEvent: Sendable, Hashable, Codable {
    /// Counted up by the store over all runs; what an observer resumes from.
    public var sequence: Int64
    public var at: Date
    public var run: RunID
    public var change: RunChange

    public init(sequence: Int64, at: Date, run: RunID, change: RunChange) {
        self.sequence = sequence
        self.at = at
        self.run = run
        self.change = change
    }
}

/// What changed.
public enum RunChange: Sendable, Hashable, Codable {
    case run(status: RunStatus, reason: String?)
    /// Somebody asked the run to stop.
    case stopRequested(by: String)
    case task(index: Int, state: TaskState, attempt: Int, reason: String?)
}
