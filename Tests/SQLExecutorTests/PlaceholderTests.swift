import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Placeholders are read outside quotes and comments")
struct PlaceholderTests {
    private func found(_ sql: String, _ dialect: SQLDialect) throws -> [String] {
        try SQLScript(parsing: Array(sql.utf8), dialect: dialect).placeholders().map { "\($0.source)" }
    }

    private func error(_ sql: String, _ dialect: SQLDialect, names: SQLNames? = nil) throws -> SQLError {
        try #require(throws: SQLError.self) {
            try SQLScript(parsing: Array(sql.utf8), dialect: dialect).plan(defaults: SessionDefaults(), names: names)
        }
    }

    @Test(arguments: [
        ("SELECT ${day}", ["${day}"]), ("SELECT ${ load . n }, ${\tday }", ["${load.n}", "${day}"]),
        ("SELECT ${nominal_time}, ${\"nominal_time\"}", ["${nominal_time}", "${\"nominal_time\"}"]),
        ("SELECT ${\"my task\".column}, ${\"a\"\"b\".\"c.d\"}", ["${\"my task\".column}", "${\"a\"\"b\".\"c.d\"}"]),
        ("SELECT ${load-flights.n_rows}, ${tâche.größe}", ["${load-flights.n_rows}", "${tâche.größe}"]),
        ("SELECT ${\"a;b\".c}; SELECT ${\"plain\"}", ["${\"a;b\".c}", "${plain}"]),
        ("SELECT a+${x}-${y}*(${z})", ["${x}", "${y}", "${z}"]),
        ("SELECT '${x}', \"${x}\" /* ${x} */ -- ${x}", []),
        ("SELECT 1 -- '\n, ${x} /* ' */, '${', ${y}", ["${x}", "${y}"]),
        ("SELECT $ {x}", []), ("SELECT 1", []),
    ])
    func inEveryDialect(_ sql: String, _ expected: [String]) throws {
        for dialect in SQLDialect.allCases { #expect(try found(sql, dialect) == expected, "\(dialect)") }
    }

    @Test func dollarQuotesAndParametersStayWhatTheyAre() throws {
        for dialect in [SQLDialect.postgres, .blue] {
            #expect(try found("SELECT $$ ${x} $$, $a$ ${x} $$ $a$, E'\\'${x}', ${y}", dialect) == ["${y}"])
            #expect(try found("SELECT $$${x}$$, $1", dialect) == [])
        }
        #expect(try found("SELECT [${x}], `${x}`, $name, $a::b(c), ?1", .sqlite) == [])
        #expect(
            try found("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT ${x}; SELECT ${y}; END; SELECT ${z}", .sqlite)
                .count == 3)
    }

    @Test(arguments: [
        "SELECT ${}", "SELECT ${", "SELECT ${ }", "SELECT ${x", "SELECT ${x.}", "SELECT ${.x}", "SELECT ${a.b.c}",
        "SELECT ${a b}", "SELECT ${a\n}", "SELECT ${'a'}", "SELECT ${\"\"}", "SELECT ${a:-1}", "SELECT ${$a}",
        "SELECT ${{a}}",
    ])
    func whatIsNoPlaceholderIsRefused(_ sql: String) throws {
        for dialect in SQLDialect.allCases {
            let error = try error(sql, dialect)
            #expect(error.code == "sql.placeholder-malformed", "\(dialect)")
            #expect(error.position == SourcePosition(line: 1, column: 8))
            #expect(error.message.contains("${task.column}"))
        }
    }

    @Test func blueScriptingStaysRefused() throws {
        for dialect in SQLDialect.allCases {
            let error = try error("SELECT 1;\nSELECT ${v[0].col}", dialect)
            #expect(error.code == "sql.blue-scripting")
            #expect(error.position == SourcePosition(line: 2, column: 8))
        }
        #expect(
            try error("@@ SplitQueryByNumber instances = 2, from = 1, to = 9\nSELECT ${from}, ${to}", .blue).code
                == "sql.blue-scripting")
    }

    @Test(arguments: [
        ("SELECT * FROM ${t}", 15), ("SELECT * FROM s.${t}", 17), ("SELECT * FROM ${s}.t", 15),
        ("SELECT 1 AS ${a}", 13),
        ("INSERT INTO ${t} VALUES (1)", 13), ("UPDATE ${t} SET a = 1", 8), ("DROP TABLE ${t}", 12),
        ("DROP TABLE IF EXISTS ${t}", 22),
        ("CREATE VIEW ${v} AS SELECT 1", 13), ("SELECT ${f}(1)", 8), ("SELECT ${f} (1)", 8), ("USE SCHEMA ${s}", 12),
        ("CREATE SCHEMA ${s}", 15), ("DROP DATABASE ${d}", 15), ("USE POOL ${p}", 10),
        ("SELECT * FROM a JOIN ${t} USING (x)", 22),
        ("SAVEPOINT ${s}", 11), ("SELECT \"a\" ${x}", 12), ("SELECT * FROM t_${day}", 17),
        ("SELECT 1 FROM (SELECT * FROM ${t})", 30),
    ])
    func aNameIsNeverAPlaceholder(_ sql: String, _ column: Int) throws {
        for dialect in SQLDialect.allCases {
            let error = try error(sql, dialect)
            #expect(error.code == "sql.placeholder-name", "\(dialect): \(error.message)")
            #expect(error.position == SourcePosition(line: 1, column: column), "\(dialect)")
            #expect(error.message.contains("a placeholder is a value"))
        }
    }

    @Test(arguments: [
        "SELECT 'a' ${x}", "SELECT 'a'\n${x}", "SELECT ${x} 'a'", "SELECT ${x} -- c\n'a'", "SELECT 'a' /* c */ ${x}",
    ])
    func noValueStandsBesideAText(_ sql: String) throws {
        for dialect in SQLDialect.allCases {
            let error = try error(sql, dialect)
            #expect(error.code == "sql.placeholder-name")
            #expect(error.message.contains("beside a text"))
        }
        #expect(try error("SELECT E'a'\n${x}", .postgres).code == "sql.placeholder-name")
        #expect(try error("SELECT $$a$$ ${x}", .postgres).code == "sql.placeholder-name")
    }

    @Test(arguments: [
        "SELECT 1 WHERE a IS DISTINCT FROM ${x}", "SELECT trim(both FROM ${x})", "SELECT extract(day FROM ${x}) FROM t",
        "SELECT substring(a FROM ${x} FOR ${y})", "SELECT a BETWEEN ${x} AND ${y} LIMIT ${z}",
        "SELECT CASE ${x} WHEN ${y} THEN ${z} END",
        "INSERT INTO t VALUES (${x}, ${y})", "SELECT 1 WHERE a IN (${x}, ${y})", "SELECT f(${x}), -${y}, a||${z}",
        "VALUES (${x})",
    ])
    func valuesStandWhereValuesMay(_ sql: String) throws {
        for dialect in SQLDialect.allCases { #expect(throws: Never.self) { try found(sql, dialect) } }
    }

    @Test func ownParametersBesidePlaceholdersAreRefused() throws {
        #expect(try error("SELECT ?1, ${x}", .sqlite).code == "sql.parameters")
        #expect(try error("SELECT ${x}, :a", .sqlite).position == SourcePosition(line: 1, column: 14))
        #expect(try error("SELECT $1, ${x}", .postgres).code == "sql.parameters")
    }

    // MARK: - Names

    private static let names = SQLNames(parameters: ["day", "limit"], upstream: ["load", "my task"])

    @Test(arguments: [
        (
            "SELECT 1;\n  SELECT ${dya}", 2, 10,
            "there is no parameter 'dya'. The parameters are: day, limit; and ${nominal_time} is always there."
        ),
        (
            "SELECT ${limits}", 1, 8,
            "there is no parameter 'limits'. Did you mean 'limit'? The parameters are: day, limit; and ${nominal_time} is always there."
        ),
        (
            "SELECT ${lod.n}", 1, 8,
            "there is no task 'lod' before this one. Did you mean 'load'? The tasks before it are: load, my task."
        ),
        ("SELECT ${load}", 1, 8, "'load' is a task; write ${load.column} for a column of its value."),
        ("SELECT ${\"my task\"}", 1, 8, "'my task' is a task; write ${\"my task\".column} for a column of its value."),
        ("SELECT ${\"nominal_time\"}", 1, 8, "there is no parameter 'nominal_time'."),
    ])
    func anUnknownNameIsRefusedWithWhatThereIs(_ sql: String, _ line: Int, _ column: Int, _ message: String) throws {
        for dialect in SQLDialect.allCases {
            let error = try error(sql, dialect, names: Self.names)
            #expect(error.code == "sql.placeholder-unknown")
            #expect(error.category == .badInput)
            #expect(error.position == SourcePosition(line: line, column: column))
            #expect(error.message.hasPrefix("Line \(line), column \(column): \(message)"), "\(error.message)")
        }
    }

    @Test func knownNamesAndUnknownSurroundingsAreFine() throws {
        let sql = "SELECT ${day}, ${load.n}, ${\"my task\".n}, ${nominal_time}"
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite)
        #expect(throws: Never.self) { try script.plan(defaults: SessionDefaults(), names: Self.names) }
        #expect(throws: Never.self) { try script.plan(defaults: SessionDefaults(), names: nil) }
        let none = SQLNames(parameters: [], upstream: [])
        #expect(try error("SELECT ${a.b}", .sqlite, names: none).message.hasSuffix("No task comes before it."))
        #expect(try error("SELECT ${a}", .sqlite, names: none).message.contains("The task has no parameters;"))
    }

    @Test func thePlanOfATaskKnowsWhatIsUpstream() async throws {
        let house = try SQLiteHouse()
        let attempt = house.attempt("SELECT ${load.n}")
        var request = PlanRequest(
            script: attempt.script, content: attempt.content, connection: house.connection.info,
            defaults: SessionDefaults(), upstream: ["load"])
        _ = try await house.executor.plan(request)
        request.upstream = []
        let error = await #expect(throws: SQLError.self) { try await house.executor.plan(request) }
        #expect(error?.code == "sql.placeholder-unknown")
    }
}
