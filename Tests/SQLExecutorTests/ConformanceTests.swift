import Foundation
import SQLExecutor
import SluiceCore
import SluiceTesting
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: ExecutorConformance.cases)
    func conforms(_ rule: ExecutorConformance.Case) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try await rule.run {
            ExecutorConformance.Subject(
                executor: SQLExecutor(),
                connection: Connection(
                    info: ConnectionInfo(
                        name: "local", kind: "sqlite", dialect: .sqlite, settings: ["root": root.path])),
                succeeds: "CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1); SELECT * FROM t;",
                fails: "SELECT 1; SELECT * FROM nowhere;",
                lasts: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;",
                malformed: "SELECT 'never closed;")
        }
    }
}
