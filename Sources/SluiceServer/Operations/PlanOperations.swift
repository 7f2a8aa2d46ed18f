import Foundation
import SluiceCore

/// What a script needs and does, without running it.
package struct PlanScript: EngineOperation {
    package static let name = "scripts.plan"
    /// Its name, whose ending says what it is written in.
    package var script: String
    package var content: Data
    /// How to read SQL.
    package var dialect: SQLDialect

    package init(_ script: String, content: Data, dialect: SQLDialect) {
        self.script = script
        self.content = content
        self.dialect = dialect
    }

    /// - Throws: ``RequestError`` `script.unknown-kind`; what the script's executor has against it.
    package func perform(in host: EngineHost) async throws -> TaskPlan {
        guard let kind = host.types.kind(of: script), let executor = host.executors.first(where: { $0.kind == kind })
        else {
            let endings = host.types.fileExtensions.map { "." + $0 }.joined(separator: ", ")
            throw RequestError(
                "script.unknown-kind", .badInput,
                "'\(script)' is no script: its name ends in none of \(endings).")
        }
        let defaultPool = try host.store.pools().first(where: \.isDefault)?.name ?? SessionDefaults().pool
        return try await executor.plan(
            PlanRequest(
                script: ScriptVersion(
                    name: script, kind: kind, hash: ContentHash(of: content), size: content.count),
                content: content, connection: ConnectionInfo(name: "local", kind: "sqlite", dialect: dialect),
                defaults: SessionDefaults(pool: defaultPool)))
    }
}
