import Foundation

/// What a store keeps of runs that have ended. What is beyond either bound may go.
public struct Retention: Sendable, Hashable, Codable {
    /// Runs that ended before this go; nil for no bound.
    public var endedBefore: Date?
    /// Of the runs that have ended so many stay, the newest ones; nil for no bound.
    public var keep: Int?

    public init(endedBefore: Date? = nil, keep: Int? = nil) {
        self.endedBefore = endedBefore
        self.keep = keep
    }
}

/// Forgets runs that have ended.
public protocol RetentionStore: Sendable {
    /// The runs that have ended and that `retention` does not hold, oldest first.
    ///
    /// - Parameter run: only those behind this one, for the next page.
    func runs(beyond retention: Retention, after run: RunID?, limit: Int) throws -> [RunID]

    /// Removes those of `runs` that have ended, with their tasks and events, in one transaction. Their numbers are never
    /// given out again; of an idempotency key the store knows nothing more.
    ///
    /// - Returns: those that are gone.
    func removeRuns(_ runs: [RunID]) throws -> [RunID]

    /// Removes the journals and artifacts of a run; fine if there are none.
    func removeFiles(of run: RunID) throws
}
