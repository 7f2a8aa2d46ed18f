import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A script runs statement by statement")
struct ScriptRunTests {
    @Test func everyStatementIsAStepRecordedBeforeAndAfter() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run(
            "CREATE TABLE t(a INT, b TEXT);\nINSERT INTO t VALUES (1,'x'),(2,'y');\n  SELECT a, b FROM t ORDER BY a;")
        #expect(ran.outcome == .succeeded(value: ["a": 1, "b": "x"]))
        #expect(ran.context.starts.map(\.index) == [0, 1, 2])
        #expect(ran.context.starts.map(\.range.line) == [1, 2, 3])
        #expect(ran.context.starts.map(\.range.column) == [1, 1, 3])
        #expect(ran.context.starts[2].text == "SELECT a, b FROM t ORDER BY a")
        #expect(ran.context.ends.map(\.rowsChanged) == [nil, 2, nil])
        #expect(ran.context.ends.map(\.rowsReturned) == [nil, nil, 2])
        #expect(ran.context.ends.allSatisfy { $0.duration > 0 && $0.duration < 60 && $0.failure == nil })
        #expect(ran.context.previews == [StepPreview(index: 2, columns: ["a", "b"], rows: [[1, "x"], [2, "y"]])])
        #expect(ran.context.events.first == .begun)
    }

    @Test func aStepIsRecordedAsStartedBeforeItTakesEffect() async throws {
        let house = try SQLiteHouse()
        try await house.must("CREATE TABLE t(a)")
        let path = SQLiteRoot(folder: house.root).path("master", "public")
        let seen = Box<[String?]>([])
        try await house.run(
            "INSERT INTO t VALUES (1);",
            observer: { event in
                guard let handle = try? SQLiteHandle(house.settings, at: path, cancellation: SQLCancellation()) else {
                    return
                }
                defer { handle.close() }
                switch event {
                case .started, .ended: seen.update { $0.append(try? handle.text("SELECT count(*) FROM t")) }
                default: break
                }
            })
        #expect(seen.value == ["0", "1"])
    }

    @Test func anErrorInStatementSeventeenOfFortyStopsThere() async throws {
        let house = try SQLiteHouse()
        var lines = (1...40).map { "CREATE TABLE t\($0)(a);" }
        lines[16] = "  INSERT INTO t1\n  SELEC 1;"
        let ran = try await house.run(lines.joined(separator: "\n"))
        let failure = try #require(ran.failure)
        #expect(failure.step == 16)
        #expect(failure.line == 18)
        #expect(failure.column == 3)
        #expect(failure.message == #"near "SELEC": syntax error"#)
        #expect(failure.code == "sql.error")
        #expect(ran.context.starts.count == 17)
        #expect(ran.context.ends.count == 17)
        #expect(ran.context.ends.last?.failure == failure)
        #expect(try await house.must("SELECT count(*) AS n FROM sqlite_schema") == ["n": 16])
    }

    @Test(arguments: [
        ("CREATE TABLE t(a);\nSELECT a,\n  nope FROM t", "sql.error", "no such column: nope", 3, 3),
        (
            "CREATE TABLE t(a);\n  SELECT * FROM\n ghost", "sql.no-such-table", "no such table: ghost in schema public",
            3, 2
        ),
        ("/* é */ SELECT 'é', ) FROM t", "sql.error", #"near ")": syntax error"#, 1, 21),
        (
            "CREATE TABLE t(a UNIQUE);\n\n  INSERT INTO t VALUES (1), (1);", "sql.constraint",
            "UNIQUE constraint failed: t.a", 3, 3
        ),
        ("SELECT abs(-9223372036854775808)", "sql.error", "integer overflow", 1, 1),
        ("CREATE TABLE t(a", "sql.error", "incomplete input", 1, 1),
        ("\u{FEFF}SELECT nope", "sql.error", "no such column: nope", 1, 8),
        ("SELECT 1;\r\nSELECT 2 FROM (SELECT 3) WHERE\r\n\tx = 1", "sql.error", "no such column: x", 3, 2),
        ("COMMIT", "sql.error", "cannot commit - no transaction is active", 1, 1),
        ("SELECT ?1, :a", "sql.parameters", "The statement has 2 parameters and gets 0 values.", 1, 1),
    ])
    func errorsHaveTheScriptsLineAndColumn(_ sql: String, _ code: String, _ message: String, _ line: Int, _ column: Int)
        async throws
    {
        let failure = try await SQLiteHouse().mustFail(sql)
        #expect(failure.code == code)
        #expect(failure.message == message)
        #expect(failure.line == line)
        #expect(failure.column == column)
    }

    @Test func aScriptWithoutStatementsSucceeds() async throws {
        let ran = try await SQLiteHouse().run("-- nothing\n;;")
        #expect(ran.outcome == .succeeded(value: nil))
        #expect(ran.context.events == [.begun])
    }

    // MARK: - Rows

    @Test func aSelectKeepsItsFirstHundredRows() async throws {
        let ran = try await SQLiteHouse().run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, i * 0.5 AS half FROM n"
        )
        #expect(ran.outcome == .succeeded(value: ["i": 1, "half": 0.5]))
        #expect(ran.context.ends[0].rowsReturned == 100_000)
        #expect(ran.context.previews[0].rows.count == 100)
        #expect(ran.context.previews[0].rows[99] == [100, 50.0])
    }

    @Test func aSelectWithoutRowsHasColumnsAndNoValue() async throws {
        let ran = try await SQLiteHouse().run("SELECT 1 AS one; SELECT 2 AS two WHERE 0")
        #expect(ran.outcome == .succeeded(value: nil))
        #expect(ran.context.previews.map(\.columns) == [["one"], ["two"]])
        #expect(ran.context.ends.map(\.rowsReturned) == [1, 0])
    }

    @Test func everyKindOfValueIsJSON() async throws {
        let ran = try await SQLiteHouse().run(
            "SELECT NULL AS n, 9007199254740993 AS i, -0.5 AS f, '' AS e, 'é\u{1F600}' AS t, x'00FF' AS b, 9e999 AS inf, -9e999 AS ninf, "
                + "1 AS twice, 2 AS twice")
        #expect(
            ran.value
                == [
                    "n": nil, "i": 9_007_199_254_740_993, "f": -0.5, "e": "", "t": "é😀", "b": "X'00FF'",
                    "inf": "Infinity",
                    "ninf": "-Infinity", "twice": 1,
                ])
        #expect(throws: Never.self) { try JSONEncoder().encode(ran.context.previews) }
    }

    @Test func theValueIsTheLastSelectsFirstRow() async throws {
        let house = try SQLiteHouse()
        #expect(
            try await house.must("SELECT 1 AS a; SELECT 2 AS b; CREATE TABLE t(c); PRAGMA user_version") == ["b": 2])
        #expect(try await house.must("CREATE TABLE u(c); INSERT INTO u VALUES (1) RETURNING c") == nil)
    }

    @Test func aValueOf64KilobytesIsNone() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("SELECT 'x' AS small, zeroblob(40000) AS b;\nSELECT 1")
        #expect(ran.value == ["1": 1])
        let large = try await house.run("SELECT 1;\nSELECT printf('%.*c', 70000, 'x') AS a")
        #expect(large.outcome == .succeeded(value: nil))
        let line = try #require(large.context.logs.first)
        #expect(line.stream == .engine)
        #expect(
            line.text
                == "The first row of the query at line 2 has 70000 bytes; a task's value has at most 65536, so later tasks see none."
        )
        // Quotes and names count as well: it is the JSON that must fit.
        let escaped = try await house.run("SELECT replace(printf('%.*c', 40000, 'x'), 'x', '\"') AS a")
        #expect(escaped.outcome == .succeeded(value: nil))
        #expect(escaped.context.logs.count == 1)
    }

    @Test func aPreviewIsBounded() async throws {
        let ran = try await SQLiteHouse().run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
                + "SELECT printf('%.*c', 100000, 'é') AS t, zeroblob(100000) AS b, printf('%.*c', 100000, 'x') AS u FROM n"
        )
        let preview = ran.context.previews[0]
        #expect(preview.rows.count < 100 && preview.rows.count > 80)
        for case .string(let text) in preview.rows[0] {
            #expect(text.utf8.count <= SQLResult.previewValueLimit + 6)
            #expect(text.hasSuffix("…"))
        }
        #expect(ran.context.ends[0].rowsReturned == 400)
    }

    @Test func changedRowsAreCountedForStatementsThatChange() async throws {
        let ran = try await SQLiteHouse().run(
            """
            CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3); UPDATE t SET a = a + 1 WHERE a > 1; DELETE FROM t WHERE a = 1;
            WITH x AS (SELECT 9 AS a) INSERT INTO t SELECT a FROM x; REPLACE INTO t VALUES (1) RETURNING a; CREATE TABLE u AS SELECT * FROM t;
            SELECT * FROM t;
            """)
        #expect(ran.context.ends.map(\.rowsChanged) == [nil, 3, 2, 1, 1, 1, nil, nil])
        #expect(ran.context.ends.map(\.rowsReturned) == [nil, nil, nil, nil, nil, 1, nil, 4])
    }

    @Test func triggersWithBodiesRunWhole() async throws {
        let house = try SQLiteHouse()
        #expect(
            try await house.must(
                """
                CREATE TABLE t(a); CREATE TABLE log(a, size);
                CREATE TRIGGER g AFTER INSERT ON t BEGIN
                  INSERT INTO log VALUES (NEW.a, CASE WHEN NEW.a > 1 THEN CASE NEW.a WHEN 2 THEN 'two' ELSE 'many' END ELSE 'one' END);
                  UPDATE t SET a = 0 WHERE a = 3;
                END;
                INSERT INTO t VALUES (1), (2), (3);
                SELECT group_concat(size) AS sizes, (SELECT sum(a) FROM t) AS s FROM log;
                """) == ["sizes": "one,two,many", "s": 3])
    }

    // MARK: - Transactions

    @Test func aTransactionThatIsCommittedHolds() async throws {
        let house = try SQLiteHouse()
        try await house.must(
            "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s; COMMIT"
        )
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 1])
    }

    @Test(arguments: ["BEGIN", "BEGIN IMMEDIATE TRANSACTION", "SAVEPOINT s"])
    func aTransactionLeftOpenIsRolledBackAndAnError(_ begin: String) async throws {
        let house = try SQLiteHouse()
        let failure = try await house.mustFail(
            "CREATE TABLE t(a);\nBEGIN; COMMIT;\n  \(begin);\nINSERT INTO t VALUES (1);\nSELECT 1;")
        #expect(failure.code == "sql.transaction-open")
        #expect(failure.line == 3)
        #expect(failure.column == 3)
        #expect(failure.step == 3)
        #expect(failure.message.contains("line 3"))
        #expect(failure.message.contains("rolled back"))
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
    }

    @Test func aFailureInsideATransactionRollsItBack() async throws {
        let house = try SQLiteHouse()
        let failure = try await house.mustFail("CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1); SELECT nope;")
        #expect(failure.code == "sql.error")
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
    }

    // MARK: - Pools

    @Test func aPoolInMidScriptIsEnteredBeforeItsStep() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run(
            "USE POOL first; CREATE TABLE t(a); USE POOL etl; INSERT INTO t VALUES (1); USE RESOURCE POOL etl; USE POOL \"Big One\"; SELECT 1"
        )
        #expect(ran.succeeded)
        #expect(ran.context.pools == ["etl", "Big One"])
        let order = ran.context.events.compactMap { event in
            switch event {
            case .started(let step): "start \(step.index)"
            case .entered(let pool): "enter \(pool)"
            default: nil
            }
        }
        #expect(
            order == [
                "start 0", "start 1", "enter etl", "start 2", "start 3", "start 4", "enter Big One", "start 5",
                "start 6",
            ])
    }

    @Test func noPoolIsEnteredInsideATransaction() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("CREATE TABLE t(a);\nBEGIN;\nINSERT INTO t VALUES (1);\n USE POOL etl;\nCOMMIT")
        let failure = try #require(ran.failure)
        #expect(failure.code == "sql.use-in-transaction")
        #expect(failure.line == 4)
        #expect(failure.column == 2)
        #expect(failure.step == 3)
        #expect(failure.message.contains("line 2"))
        #expect(ran.context.pools.isEmpty)
        #expect(ran.context.ends.last?.failure == failure)
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
    }

    // MARK: - Resuming

    @Test func aResumedScriptReplaysItsUseAndSkipsTheRest() async throws {
        let house = try SQLiteHouse(schemas: ["a", "b"])
        let sql =
            "USE SCHEMA a; CREATE TABLE t(x); USE SCHEMA b; USE POOL etl; CREATE TABLE t(x); INSERT INTO t VALUES (1); SELECT x FROM t"
        try await house.must("CREATE TABLE t(x)", in: "b")
        let ran = try await house.run(sql, resume: 5)
        #expect(ran.outcome == .succeeded(value: ["x": 1]))
        #expect(ran.context.starts.map(\.index) == [5, 6])
        #expect(ran.context.pools == ["etl"])
        #expect(try await house.mustFail("SELECT * FROM t", in: "a").code == "sql.no-such-table")
        #expect(try await house.run(sql, resume: 9).failure?.code == "resume.no-such-step")
    }
}
