import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("The SQLite connector is a connector like any other")
struct SQLiteConnectorConformanceTests {
    @Test(arguments: SQLConnectorConformance.cases)
    func conforms(_ rule: SQLConnectorConformance) throws {
        let house = try SQLiteHouse(schemas: ["other"])
        try rule.examine(
            SQLConnectorConformance.Subject(
                connector: SQLiteConnector(), connection: house.connection,
                endless: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"))
    }
}
