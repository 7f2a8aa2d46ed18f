import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("USE")
struct UseTests {
    @Test(arguments: try Corpora.load("use", as: Corpora.Use.self))
    func readsAsTheCorpusSays(_ entry: Corpora.Use) throws {
        for dialect in entry.dialects {
            let script = try SQLScript(parsing: Array(entry.sql.utf8), dialect: dialect)
            let statement = try #require(script.statements.first)
            guard let line = entry.line, let column = entry.column else {
                let expected = SQLUse(database: entry.database, schema: entry.schema, pool: entry.pool)
                #expect(try script.use(of: statement) == expected, "\(dialect)")
                continue
            }
            let error = try #require(throws: SQLError.self) { try script.use(of: statement) }
            #expect(error.code == "sql.use-malformed")
            #expect(error.category == .badInput)
            #expect(error.position == SourcePosition(line: line, column: column), "\(dialect): \(error.message)")
        }
    }

    @Test(arguments: [
        (
            "USE reporting",
            "USE goes on with DATABASE, SCHEMA or [RESOURCE] POOL, but line 1, column 5 has 'reporting'."
        ),
        ("USE SCHEMA", "USE needs the name of a schema here, but line 1, column 11 has the end of the statement."),
        (
            "USE SCHEMA d.s",
            "USE has all it needs before this; for a schema of another database write USE DATABASE d SCHEMA s, "
                + "but line 1, column 13 has '.'."
        ),
        ("USE DATABASE \"\"", "This cannot be the name of a database: it is empty, but line 1, column 14 has '\"\"'."),
    ])
    func aMalformedOneSaysWhatIsExpected(_ sql: String, _ message: String) throws {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite)
        let error = try #require(throws: SQLError.self) { try script.use(of: script.statements[0]) }
        #expect(error.message == message)
    }

    @Test func thePlanHoldsWhatStandsBeforeTheFirstOtherStatement() async throws {
        let house = try SQLiteHouse()
        let plan = try await house.plan(
            """
            -- USE SCHEMA commented;
            USE DATABASE Sales; USE SCHEMA a; USE POOL p; USE SCHEMA b;
            SELECT 'USE SCHEMA c;' /* USE POOL x; */; USE SCHEMA d; USE POOL q; USE POOL r; USE POOL q
            """)
        #expect(plan.target == SessionDefaults(database: "sales", schema: "b", pool: "p"))
        #expect(plan.laterPools == ["q", "r"])
        #expect(plan.steps.count == 9)
        #expect(plan.steps[0] == StepRange(start: 25, end: 43, line: 2, column: 1))
    }

    @Test func theScriptGoesOverTheDefaultsOneSettingAtATime() async throws {
        let house = try SQLiteHouse()
        let defaults = SessionDefaults(database: "d", schema: "s", pool: "p")
        #expect(try await house.plan("SELECT 1", defaults: defaults).target == defaults)
        #expect(
            try await house.plan("USE DATABASE x", defaults: defaults).target
                == SessionDefaults(database: "x", schema: "s", pool: "p"))
        #expect(
            try await house.plan("USE SCHEMA x DATABASE y; SELECT 1", defaults: defaults).target
                == SessionDefaults(database: "y", schema: "x", pool: "p"))
        #expect(
            try await house.plan("SELECT 1; USE RESOURCE POOL x", defaults: defaults).target == defaults)
        #expect(try await house.plan("", defaults: SessionDefaults()).target == SessionDefaults())
        #expect(SessionDefaults() == SessionDefaults(database: "master", schema: "public", pool: "default"))
    }

    @Test func aMalformedUseAnywhereStopsThePlan() async throws {
        let house = try SQLiteHouse()
        let error = await #expect(throws: SQLError.self) { try await house.plan("SELECT 1;\nUSE nowhere;") }
        #expect(error?.position == SourcePosition(line: 2, column: 5))
    }
}
