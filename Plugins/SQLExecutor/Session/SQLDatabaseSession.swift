import SluiceCore

/// A session for executors of other script types.
actor SQLDatabaseSession: DatabaseSession {
    private let queue: SessionQueue
    private let cancellation = SQLCancellation()
    private var session: (any SQLSession)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    init() { queue = SessionQueue() }

    func open(_ connector: any SQLConnector, _ connection: Connection, _ target: SessionDefaults) throws {
        session = try connector.openSession(on: connection, in: target, cancellation: cancellation)
    }

    /// Cancelling the calling task stops the statement and ends the session: what follows is refused.
    nonisolated func execute(_ sql: String, _ parameters: [JSONValue]) async throws -> ResultRows {
        try await withTaskCancellationHandler {
            try await run(sql, parameters)
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func run(_ sql: String, _ parameters: [JSONValue]) throws -> ResultRows {
        guard let session else {
            throw SQLError(code: "sql.session-closed", category: .fault, "The session is closed.")
        }
        do {
            return try session.execute(sql, parameters)
        } catch {
            if cancellation.isCancelled { throw CancellationError() }
            throw error
        }
    }

    func close() {
        session?.close()
        session = nil
    }
}
