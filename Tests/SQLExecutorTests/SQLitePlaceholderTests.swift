import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Values reach SQLite bound or as literals, and are never SQL")
struct SQLitePlaceholderTests {
    private static let inputs = TaskInputs(
        parameters: [
            "day": "2013-01-01", "n": 3, "half": 0.5, "yes": true, "none": nil, "list": [1, "it's"], "min": -2,
        ],
        upstream: [
            "load": ["rows": 336_776, "first name": "O'Hare"], "my task": ["a.b": 1], "total": 7, "rows": [1, 2],
        ])

    @Test func everyTypeArrives() async throws {
        let house = try SQLiteHouse()
        let value = try await house.must(
            """
            SELECT ${day} AS day, ${n} AS n, ${half} AS half, ${yes} AS yes, ${none} AS none, ${list} AS list, ${load.rows} AS rows,
              ${load."first name"} AS name, ${"my task"."a.b"} AS ab, ${nominal_time} AS at, typeof(${n}) AS t, typeof(${half}) AS u,
              ${n} + ${n} AS six, -${min} AS two, datetime(${nominal_time}, '+1 day') AS next
            """, inputs: Self.inputs)
        #expect(
            value == [
                "day": "2013-01-01", "n": 3, "half": 0.5, "yes": 1, "none": nil, "list": #"[1,"it's"]"#,
                "rows": 336_776,
                "name": "O'Hare", "ab": 1, "at": "2023-11-14 22:13:20", "t": "integer", "u": "real", "six": 6, "two": 2,
                "next": "2023-11-15 22:13:20",
            ])
    }

    @Test func whereSQLiteBindsNothingALiteralIsWritten() async throws {
        let house = try SQLiteHouse()
        let value = try await house.must(
            """
            PRAGMA user_version = ${n}; PRAGMA cache_size = ${min}; PRAGMA recursive_triggers = ${yes};
            CREATE TABLE t(a DEFAULT ${day}, b INTEGER DEFAULT ${min}, c CHECK (c <> ${load."first name"}), d AS (b + ${n}));
            ALTER TABLE t ADD COLUMN e DEFAULT ${half};
            CREATE INDEX i ON t(a) WHERE b < ${n};
            CREATE VIEW v AS SELECT a, b + ${n} AS b FROM t WHERE a = ${day};
            CREATE TABLE log(text);
            CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (${load."first name"}); SELECT ${n}; END;
            CREATE VIRTUAL TABLE f USING fts5(x, tokenize = ${tokenizer});
            CREATE TABLE copy AS SELECT ${day} AS day, b FROM v;
            CREATE TEMP TABLE IF NOT EXISTS other AS SELECT ${n} AS n;
            INSERT INTO t(c) VALUES (1);
            SELECT a, v.b, d, e, log.text, (SELECT user_version FROM pragma_user_version) AS version, n FROM v JOIN t USING (a), log, other
            """,
            inputs: TaskInputs(
                parameters: Self.inputs.parameters.merging(["tokenizer": "porter"]) { $1 },
                upstream: Self.inputs.upstream))
        #expect(
            value == ["a": "2013-01-01", "b": 1, "d": 1, "e": 0.5, "text": "O'Hare", "version": 3, "n": 3])
        #expect(try await house.mustFail("INSERT INTO t(c) VALUES ('O''Hare')").code == "sql.constraint")
    }

    @Test func aQueryIntoATableIsBound() throws {
        func way(_ sql: String) throws -> SQLSending.Way {
            SQLiteText.way(of: 0, of: try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite))
        }
        let bound = SQLSending.Way.parameters(sign: "?")
        for sql in [
            "SELECT 1", "INSERT INTO t VALUES (1)", "CREATE TABLE t AS SELECT 1",
            "create temp table if not exists s.\"t\" /* a */ as select 1",
            "EXPLAIN SELECT 1", "WITH a AS (SELECT 1) DELETE FROM t", "REINDEX",
        ] { #expect(try way(sql) == bound, "\(sql)") }
        for sql in [
            "CREATE TABLE t(a)", "CREATE TABLE t(\"as\", b)", "CREATE VIEW v AS SELECT 1",
            "CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
            "CREATE UNIQUE INDEX i ON t(a)", "CREATE VIRTUAL TABLE t USING f(a)", "ALTER TABLE t ADD a", "PRAGMA x = 1",
        ] { #expect(try way(sql) == .literals, "\(sql)") }
    }

    // MARK: - Injection

    static let hostile: [String] = [
        "", "'", "''", "'''", "\"", "`", "[", "]", "\\", "\\'", "'; DROP TABLE keep; --", "') ; DELETE FROM keep; --",
        "' || (SELECT load_extension('x')) || '", "/*", "*/", "--", "-- \n", ";", "\0", "a\0b",
        "\0'\0; DROP TABLE keep", "${n}", "$$",
        "?1", ":a", "'\u{301}", "'\u{301}; DROP TABLE keep; --", "\"\u{301}", "é", "日本", "👩‍💻", "\u{FEFF}", "\r\n",
        "\u{202E}", "\u{F0000}\0",
        String(repeating: "'", count: 64 * 1_024), String(repeating: "\0", count: 64 * 1_024),
        String(repeating: "é", count: 32 * 1_024), String(repeating: "a'; --\n", count: 9_000),
    ]

    @Test(arguments: hostile.indices)
    func aTextArrivesByteForByteBothWays(_ index: Int) async throws {
        let text = Self.hostile[index]
        let house = try SQLiteHouse()
        let inputs = TaskInputs(parameters: ["v": .string(text)], upstream: ["up": ["v": .string(text)]])
        let ran = try await house.run(
            """
            CREATE TABLE keep(a); INSERT INTO keep VALUES (1);
            CREATE TABLE bound(v); INSERT INTO bound VALUES (${v}), (${up.v});
            CREATE TABLE literal(id, v DEFAULT (${v})); INSERT INTO literal(id) VALUES (1);
            CREATE VIEW seen AS SELECT ${up.v} AS v;
            SELECT (SELECT count(*) FROM keep) AS kept, count(*) AS n, count(DISTINCT CAST(v AS BLOB)) AS different,
              sum(length(CAST(v AS BLOB))) AS bytes, min(typeof(v)) AS t, hex(min(substr(CAST(v AS BLOB), 1, 1000))) AS hex
            FROM (SELECT v FROM bound UNION ALL SELECT v FROM literal UNION ALL SELECT v FROM seen UNION ALL SELECT ${v})
            """, inputs: inputs)
        let hex = text.utf8.prefix(1_000).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
        #expect(
            ran.value
                == [
                    "kept": 1, "n": 5, "different": 1, "bytes": .integer(Int64(5 * text.utf8.count)), "t": "text",
                    "hex": .string(hex),
                ])
    }

    @Test func anyTextArrivesByteForByteBothWays() throws {
        let house = try SQLiteHouse()
        let connector = SQLiteConnector()
        let session = try connector.openSession(
            on: house.connection, in: SessionDefaults(), cancellation: SQLCancellation())
        defer { session.close() }
        let script = try SQLScript(parsing: Array("SELECT hex(${v}); PRAGMA x".utf8), dialect: .sqlite)
        var soup = SQLSoup(seed: 0xB17E)
        for round in 0..<3_000 {
            let text = String(decoding: soup.script(pieces: 20), as: UTF8.self)
            var values = SQLValues()
            values[.parameter("v")] = .text(text)
            let hex = text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
            #expect(try session.run(0, of: script, with: values).firstRow == [.string(hex)])
            let sending = try #require(try script.sending(0, with: values, as: .literals))
            let literal = try SQLScript(parsing: sending.bytes, dialect: .sqlite)
            #expect(literal.statements.count == 1)
            #expect(try session.run(0, of: literal).firstRow == [.string(hex)], "\(round): \(Array(text.utf8))")
        }
    }

    @Test func aNameWithAQuoteAndAnAccentIsQuotedWhole() {
        #expect(SQLiteHandle.quote("a\"\u{301}b") == "\"a\"\"\u{301}b\"")
    }

    // MARK: - What is shown

    @Test func theJournalShowsThePlaceholderNeverTheValue() async throws {
        let house = try SQLiteHouse()
        let secret = "s3cr3t-value"
        let ran = try await house.run(
            "CREATE TABLE t(a DEFAULT ${key}); INSERT INTO t VALUES (${key}); SELECT length(${key}), a = ${key} FROM t",
            inputs: TaskInputs(parameters: ["key": .string(secret)]))
        #expect(ran.succeeded)
        #expect(
            ran.context.starts.map(\.text) == [
                "CREATE TABLE t(a DEFAULT ${key})", "INSERT INTO t VALUES (${key})",
                "SELECT length(${key}), a = ${key} FROM t",
            ])
        #expect(ran.context.previews.map(\.columns) == [["length(${key})", "a = ${key}"]])
        #expect(ran.value == ["length(${key})": 12, "a = ${key}": 1])
        #expect(!ran.context.events.map { "\($0)" }.joined().contains(secret))
    }

    @Test(arguments: [
        ("CREATE TABLE t(a, b DEFAULT ${key} ${key})", "near \"${key}\": syntax error", "sql.placeholder-name", 1, 36),
        ("CREATE VIRTUAL TABLE f USING fts5(x, tokenize = ${key})", "no such tokenizer: ${key}", "sql.error", 1, 1),
        ("SELECT a\nFROM (SELECT 1 AS a) ORDER ${key}", "near \"${key}\": syntax error", "sql.placeholder-name", 2, 28),
        ("SELECT ${key},\n nope", "no such column: nope", "sql.error", 2, 2),
        ("CREATE VIEW v AS SELECT ${key}, ) FROM t", "near \")\": syntax error", "sql.error", 1, 33),
    ])
    func errorsShowThePlaceholderAtItsPlace(
        _ sql: String, _ message: String, _ code: String, _ line: Int, _ column: Int
    ) async throws {
        let failure = try await SQLiteHouse().mustFail(
            sql, inputs: TaskInputs(parameters: ["key": "longs3cr3t"]))
        #expect(failure.message.contains(message), "\(failure.message)")
        #expect(!failure.message.contains("s3cr3t"))
        #expect(failure.code == code)
        #expect([failure.line, failure.column] == [line, column])
    }

    @Test func settingsWithValuesSurviveAUse() async throws {
        let house = try SQLiteHouse(schemas: ["other"])
        let value = try await house.must(
            "PRAGMA cache_size = ${min}; PRAGMA foreign_keys = ${off}; USE SCHEMA other; "
                + "SELECT (SELECT cache_size FROM pragma_cache_size) AS a, (SELECT foreign_keys FROM pragma_foreign_keys) AS b",
            inputs: TaskInputs(parameters: ["min": -2, "off": false]))
        #expect(value == ["a": -2, "b": 0])
    }

    // MARK: - Values that are not there

    @Test(arguments: [
        (
            "SELECT ${load.rowz}", "sql.placeholder-no-column",
            "the value of task 'load' has no column 'rowz'. Did you mean 'rows'? It has: first name, rows."
        ),
        (
            "SELECT ${total.n}", "sql.placeholder-no-column",
            "the value of task 'total' is of the kind number, and has no columns."
        ),
        (
            "SELECT ${rows.n}", "sql.placeholder-no-column",
            "the value of task 'rows' is of the kind list, and has no columns."
        ),
        (
            "SELECT ${ghost.n}", "sql.placeholder-no-value",
            "there is no value of a task 'ghost': it ended without one, or does not come before this task. There are values of: load, my task, rows, total."
        ),
        ("SELECT ${ghost}", "sql.placeholder-unknown", "there is no parameter 'ghost'."),
    ])
    func aMissingValueIsAnErrorBeforeAnythingRuns(_ sql: String, _ code: String, _ message: String) async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("CREATE TABLE t(a);\n  \(sql)", inputs: Self.inputs)
        let failure = try #require(ran.failure)
        #expect(failure.code == code)
        #expect(failure.message.hasPrefix("Line 2, column 10: \(message)"), "\(failure.message)")
        #expect([failure.line, failure.column] == [2, 10])
        #expect(ran.context.events.isEmpty)
    }

    @Test func aValueAbove64KilobytesIsRefused() async throws {
        let house = try SQLiteHouse()
        let failure = try await house.mustFail(
            "SELECT ${v}",
            inputs: TaskInputs(parameters: ["v": .string(String(repeating: "é", count: 32 * 1_024) + "a")]))
        #expect(failure.code == "sql.placeholder-too-large")
        #expect(failure.message.contains("65537 bytes, and at most 65536"))
    }

    @Test func aSessionForOthersBindsByPosition() async throws {
        let house = try SQLiteHouse()
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        let error = await #expect(throws: SQLError.self) { try await session.execute("SELECT ${n}", [1]) }
        #expect(error?.code == "sql.placeholder-unknown")
        let rows = try await session.execute("SELECT ?, ?, ?2", [["a": [1]], "a\0b"])
        #expect(rows.rows == [[#"{"a":[1]}"#, "a\0b", "a\0b"]])
        await session.close()
    }
}
