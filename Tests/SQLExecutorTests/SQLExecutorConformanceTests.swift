import SluiceCore
import SluiceTesting
import Testing

@testable import SQLExecutor

@Suite("The SQL executor is an executor like any other")
struct SQLExecutorConformanceTests {
    @Test(arguments: ExecutorConformance.cases)
    func conforms(_ rule: ExecutorConformance.Case) async throws {
        let house = try SQLiteHouse()
        try await rule.run {
            ExecutorConformance.Subject(
                executor: house.executor, connection: house.connection,
                succeeds: "CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES (1); SELECT a FROM t",
                fails: "SELECT nothing FROM nowhere",
                lasts: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n",
                malformed: "SELECT 'never closed")
        }
    }
}
