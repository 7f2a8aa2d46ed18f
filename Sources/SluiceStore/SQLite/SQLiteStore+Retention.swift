import Foundation
import GRDB
import SluiceCore

extension SQLiteStore: RetentionStore {
    public func runs(beyond retention: Retention, after run: RunID?, limit: Int) throws -> [RunID] {
        let ended = "status IN ('succeeded', 'failed')"
        var bounds: [String] = []
        var arguments: [any DatabaseValueConvertible] = [run?.rawValue ?? 0]
        if let date = retention.endedBefore {
            bounds.append("ended_at < ?")
            arguments.append(date.column)
        }
        if let keep = retention.keep {
            bounds.append("id <= (SELECT id FROM runs WHERE \(ended) ORDER BY id DESC LIMIT 1 OFFSET ?)")
            arguments.append(max(0, keep))
        }
        guard !bounds.isEmpty else { return [] }
        arguments.append(max(0, limit))
        return try read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM runs WHERE id > ? AND \(ended) AND (\(bounds.joined(separator: " OR ")))
                    ORDER BY id LIMIT ?
                    """,
                arguments: StatementArguments(arguments)
            ).map { RunID($0) }
        }
    }

    public func removeRuns(_ runs: [RunID]) throws -> [RunID] {
        try writeTables { db in
            var removed: [RunID] = []
            for run in runs {
                try db.cachedStatement(sql: "DELETE FROM runs WHERE id = ? AND status IN ('succeeded', 'failed')")
                    .execute(arguments: [run.rawValue])
                guard db.changesCount > 0 else { continue }
                try db.cachedStatement(sql: "DELETE FROM events WHERE run = ?").execute(arguments: [run.rawValue])
                removed.append(run)
            }
            return removed
        }
    }

    public func removeFiles(of run: RunID) throws {
        try journals.remove(run)
        try files.remove(run)
    }
}
