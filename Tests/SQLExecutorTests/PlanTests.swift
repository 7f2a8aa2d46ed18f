import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A plan warns and refuses before anything runs")
struct PlanTests {
    private func plan(_ sql: String, _ dialect: SQLDialect = .sqlite) throws -> TaskPlan {
        try SQLScript(parsing: Array(sql.utf8), dialect: dialect).plan(defaults: SessionDefaults())
    }

    private func warnings(_ sql: String, _ code: String, _ dialect: SQLDialect = .sqlite) throws -> [[Int]] {
        try plan(sql, dialect).warnings.filter { $0.code == code }.map { [$0.line ?? 0, $0.column ?? 0] }
    }

    // MARK: - Bare SELECT

    @Test(arguments: [
        "SELECT 1", "select * from t", "VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION SELECT 2",
        "/*+ hint */ SELECT 1",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n FROM a), b AS (SELECT 2) SELECT * FROM b",
        "SELECT 'INSERT INTO x'", "(WITH a AS (SELECT 1) SELECT * FROM a)", "((SELECT 1))",
    ])
    func aBareSelectIsWarnedOf(_ sql: String) throws {
        for dialect in SQLDialect.allCases {
            #expect(try warnings(sql, "sql.bare-select", dialect) == [[1, 1]], "\(dialect)")
        }
    }

    @Test(arguments: [
        "INSERT INTO t SELECT 1", "CREATE TABLE t AS SELECT 1", "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "UPDATE t SET a = (SELECT 1)", "DELETE FROM t WHERE a IN (SELECT 1)", "CREATE VIEW v AS SELECT 1",
        "EXPLAIN SELECT 1",
        "PRAGMA table_info(t)", "BEGIN", "USE SCHEMA s", "COPY (SELECT 1) TO 'x'",
    ])
    func otherStatementsAreNot(_ sql: String) throws {
        for dialect in SQLDialect.allCases {
            #expect(try warnings(sql, "sql.bare-select", dialect).isEmpty, "\(dialect)")
        }
    }

    @Test func selectIntoKeepsItsRows() throws {
        #expect(try warnings("SELECT a INTO t FROM u", "sql.bare-select", .postgres).isEmpty)
        #expect(try warnings("WITH x AS (SELECT 1) SELECT * INTO t FROM x", "sql.bare-select", .blue).isEmpty)
        #expect(try warnings("SELECT (SELECT 1 INTO x) FROM u", "sql.bare-select", .postgres) == [[1, 1]])
    }

    @Test func everyOneIsWarnedOfOnce() throws {
        #expect(
            try warnings("SELECT 1;\n\n  SELECT 2; INSERT INTO t VALUES (1); SELECT 3", "sql.bare-select") == [
                [1, 1], [3, 3], [3, 39],
            ])
        let warning = try #require(try plan("SELECT 1").warnings.first)
        #expect(
            warning.message
                == "Write this SELECT's rows into a table, or take it out: a run keeps only the first 100.")
    }

    // MARK: - Blue Scripting

    @Test(arguments: [
        ("@@ Declare x = 3; SELECT 1", 1, 1), ("SELECT 1;\n @@SetResults v\nSELECT 2", 2, 2),
        ("SELECT 1 @@ 2", 1, 10), ("/* a */ @@ Parallel $$ a; b; $$;", 1, 9),
    ])
    func blueScriptingIsRefused(_ sql: String, _ line: Int, _ column: Int) throws {
        for dialect in [SQLDialect.blue, .sqlite] {
            let error = try #require(throws: SQLError.self) { try plan(sql, dialect) }
            #expect(error.code == "sql.blue-scripting")
            #expect(error.category == .badInput)
            #expect(error.position == SourcePosition(line: line, column: column), "\(dialect)")
            #expect(error.message.contains("Blue Scripting"))
        }
    }

    @Test func postgresHasAnOperatorOfThatName() throws {
        #expect(throws: Never.self) { try plan("SELECT to_tsvector(a) @@ to_tsquery('b') FROM t", .postgres) }
        #expect(throws: SQLError.self) { try plan("@@ Declare x = 3", .postgres) }
    }

    @Test func quotedAndCommentedSignsAreNone() throws {
        let plan = try plan("-- @@ no\nINSERT INTO t VALUES ('a@@b', \"c@@d\") /* @@ */", .sqlite)
        #expect(plan.steps.count == 1)
    }

    // MARK: - What cannot be sent

    @Test func aNULByteInAStatementIsRefused() throws {
        let error = try #require(throws: SQLError.self) { try plan("SELECT 1;\nSELECT 'é\0'; SELECT 2") }
        #expect(error.code == "sql.nul-byte")
        #expect(error.position == SourcePosition(line: 2, column: 10))
        #expect(throws: Never.self) { try plan("SELECT 1; -- \0\nSELECT 2") }
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        let bytes = Array("SELECT 1;\n  SELECT '".utf8) + [0xE9] + Array("'".utf8)
        let script = try SQLScript(parsing: bytes, dialect: .sqlite)
        let error = try #require(throws: SQLError.self) { try script.plan(defaults: SessionDefaults()) }
        #expect(error.code == "sql.not-utf8")
        #expect(error.position == SourcePosition(line: 2, column: 11))
    }

    @Test func anUnterminatedTextIsRefusedBeforeAnythingRuns() async throws {
        let house = try SQLiteHouse()
        let error = await #expect(throws: SQLError.self) { try await house.plan("CREATE TABLE t(a);\nSELECT 'x;") }
        #expect(error?.code == "sql.unterminated-string")
        #expect(error?.position == SourcePosition(line: 2, column: 8))
    }
}
