import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

/// A root of SQLite databases in a folder of its own, and scripts run on it the way the engine runs them.
final class SQLiteHouse: Sendable {
    let root: URL
    let connection: Connection
    let executor = SQLExecutor()
    let settings: SQLiteSettings

    init(_ settings: [String: String] = [:], schemas: [String] = []) throws {
        root = FileManager.default.temporaryDirectory.appending(
            path: "sluice-sql-\(UUID().uuidString)", directoryHint: .isDirectory)
        let all = settings.merging(["root": root.path(percentEncoded: false)]) { given, _ in given }
        connection = Connection(info: ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite, settings: all))
        self.settings = try SQLiteSettings(connection.info)
        let house = SQLiteRoot(folder: root)
        try house.prepare()
        for schema in schemas { try house.createSchema(schema, in: "master") }
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    /// A run's outcome with what it recorded.
    struct Ran {
        var outcome: TaskOutcome
        var context: RecordingContext

        var failure: TaskFailure? { if case .failed(let failure) = outcome { failure } else { nil } }
        var value: JSONValue? { if case .succeeded(let value) = outcome { value } else { nil } }
        var succeeded: Bool { failure == nil }
    }

    func attempt(_ sql: String, target: SessionDefaults = SessionDefaults()) -> TaskAttempt {
        let content = Data(sql.utf8)
        return TaskAttempt(
            id: AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1), job: "job", task: "task",
            script: ScriptVersion(
                name: "script.sql", kind: .sql, hash: ContentHash(of: content), size: content.count),
            content: content, snapshot: ContentHash(of: Data()), target: target, connection: connection.info,
            nominalTime: Date(timeIntervalSince1970: 1_700_000_000))
    }

    func plan(_ sql: String, defaults: SessionDefaults = SessionDefaults()) async throws -> TaskPlan {
        let attempt = attempt(sql)
        return try await executor.plan(
            PlanRequest(
                script: attempt.script, content: attempt.content, connection: connection.info, defaults: defaults))
    }

    /// Plans and runs a script.
    @discardableResult
    func run(
        _ sql: String, in schema: String = "public", inputs: TaskInputs = TaskInputs(), resume: Int? = nil,
        observer: (@Sendable (RecordingContext.Event) -> Void)? = nil
    ) async throws -> Ran {
        let target = try await plan(sql, defaults: SessionDefaults(schema: schema)).target
        let attempt = attempt(sql, target: target)
        let context = RecordingContext(
            connection, inputs: inputs, resumePoint: resume.map { ResumePoint(attempt: attempt.id, step: $0) },
            observer: observer)
        return Ran(outcome: try await executor.execute(attempt, in: context), context: context)
    }

    /// Runs a script that must succeed, and answers its value.
    @discardableResult
    func must(
        _ sql: String, in schema: String = "public", inputs: TaskInputs = TaskInputs(),
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue? {
        let ran = try await run(sql, in: schema, inputs: inputs)
        #expect(ran.failure == nil, sourceLocation: location)
        return ran.value
    }

    /// Runs a script that must fail, and answers why.
    func mustFail(
        _ sql: String, in schema: String = "public", inputs: TaskInputs = TaskInputs(),
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> TaskFailure {
        try #require(try await run(sql, in: schema, inputs: inputs).failure, sourceLocation: location)
    }
}
