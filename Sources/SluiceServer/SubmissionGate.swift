import Synchronization

/// Decides whether an engine takes on new runs. It closes once, when the engine is about to end.
package final class SubmissionGate: Sendable {
    private let isClosed = Mutex(false)

    package func close() { isClosed.withLock { $0 = true } }

    /// - Throws: ``RequestError`` `server.stopping`.
    func pass() throws(RequestError) {
        guard isClosed.withLock({ $0 }) else { return }
        throw RequestError(
            "server.stopping", .fault,
            "The server is stopping and takes on no new run. Start it again, or run without it once it has ended.")
    }
}
