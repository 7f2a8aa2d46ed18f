import Foundation
import SluiceCore

/// Runs SQL scripts: splits them, follows their `USE`, and sends them statement by statement to a connector's session.
public struct SQLExecutor: ResumableExecutor, SessionProvider {
    private let connectors: [String: any SQLConnector]
    private let scripts = SplitScripts()

    /// - Parameter connectors: one for each kind of connection; of two for one kind the first counts.
    public init(connectors: [any SQLConnector] = [SQLiteConnector()]) {
        self.connectors = Dictionary(connectors.map { ($0.kind, $0) }) { first, _ in first }
    }

    public var kind: ScriptKind { .sql }
    public var fileExtensions: [String] { ["sql"] }

    public func plan(_ request: PlanRequest) async throws -> TaskPlan {
        let script = try scripts.script(request.content, dialect: request.connection.dialect)
        return try script.plan(
            defaults: request.defaults,
            names: request.upstream.map { SQLNames(parameters: request.parameters.keys.sorted(), upstream: $0) })
    }

    /// Says where a script goes on: at the first statement that did not complete, or at an earlier one that is wanted.
    ///
    /// Its USE statements and the settings of its session are said again; the statements before must be those that ran.
    ///
    /// - Throws: ``ResumeError``; ``SQLError`` when one of the scripts cannot be read.
    public func resumePlan(_ request: ResumeRequest) async throws -> ResumePlan {
        try SQLResume.plan(request)
    }

    public func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        let connection = try await context.connection()
        let connector = try connector(for: connection.info)
        let cancellation = SQLCancellation()
        let run = ScriptRun(attempt, in: context, scripts: scripts, cancellation: cancellation)
        return try await withTaskCancellationHandler {
            do {
                let outcome = try await run.run(on: connector, connection)
                await run.close()
                return outcome
            } catch {
                await run.close()
                if cancellation.isCancelled { throw CancellationError() }
                throw error
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Opens a session for an executor of another script type.
    ///
    /// - Throws: ``SQLError`` `sql.unknown-connector`, `sql.unknown-database`, `sql.unknown-schema`.
    public func openSession(
        on connection: Connection, in target: SessionDefaults
    ) async throws -> any DatabaseSession {
        let session = SQLDatabaseSession()
        try await session.open(connector(for: connection.info), connection, target)
        return session
    }

    private func connector(for connection: ConnectionInfo) throws(SQLError) -> any SQLConnector {
        if let connector = connectors[connection.kind] { return connector }
        let known = connectors.keys.sorted().joined(separator: ", ")
        throw SQLError(
            code: "sql.unknown-connector", category: .notFound,
            "Connection '\(connection.name)' is of the kind '\(connection.kind)', which SQL scripts cannot run on here. "
                + "This installation has: \(known).")
    }
}
