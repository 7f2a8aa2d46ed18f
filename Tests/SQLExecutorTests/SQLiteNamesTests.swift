import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Names resolve in the current schema and where the statement says, nowhere else")
struct SQLiteNamesTests {
    /// `public.t`, `public.u` and `public.flights` with rows; `reporting` and `flights` beside them.
    private func house() async throws -> SQLiteHouse {
        let house = try SQLiteHouse(schemas: ["reporting", "flights", "extra"])
        try await house.must(
            """
            CREATE TABLE t(id INT, x INT); INSERT INTO t VALUES (1, 10), (2, 20);
            CREATE TABLE u(id INT); INSERT INTO u VALUES (1), (2);
            """)
        try await house.must("CREATE TABLE mine(id INT); INSERT INTO mine VALUES (7);", in: "reporting")
        try await house.must("CREATE TABLE flights(year INT); INSERT INTO flights VALUES (2013);", in: "flights")
        return house
    }

    private func count(_ table: String, _ house: SQLiteHouse, in schema: String = "public") async throws -> JSONValue? {
        try await house.must("SELECT count(*) AS n FROM \(table)", in: schema)
    }

    @Test func unqualifiedNamesAreTheCurrentSchemas() async throws {
        let house = try await house()
        #expect(try await count("t", house) == ["n": 2])
        #expect(try await count("mine", house, in: "reporting") == ["n": 1])
        #expect(try await count("reporting.mine", house, in: "reporting") == ["n": 1])
    }

    @Test func qualifiedNamesReachTheOthers() async throws {
        let house = try await house()
        #expect(try await count("public.t", house, in: "reporting") == ["n": 2])
        #expect(try await count("PUBLIC . T", house, in: "reporting") == ["n": 2])
        #expect(try await count("\"public\".[t]", house, in: "reporting") == ["n": 2])
        try await house.must(
            """
            CREATE TABLE copy AS SELECT * FROM public.t;
            INSERT INTO public.t SELECT id + 10, x FROM copy;
            UPDATE public.t SET x = (SELECT max(m.id) FROM reporting.mine AS m) WHERE id > 10;
            DELETE FROM public.u WHERE id = 1;
            CREATE TABLE extra.e AS SELECT t.id FROM public.t JOIN copy ON copy.id = t.id;
            CREATE INDEX extra.i ON e(id);
            ALTER TABLE extra.e ADD COLUMN z INT DEFAULT 5;
            DROP INDEX extra.i;
            """, in: "reporting")
        #expect(try await house.must("SELECT count(*) AS n, sum(x) AS s FROM t") == ["n": 4, "s": 44])
        #expect(try await house.must("SELECT sum(z) AS s FROM e", in: "extra") == ["s": 10])
    }

    @Test(arguments: [
        "DELETE FROM t",
        "DELETE FROM t WHERE id > 0",
        "UPDATE t SET x = 0",
        "INSERT INTO t VALUES (9, 9)",
        "REPLACE INTO t VALUES (9, 9)",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN y",
        "ALTER TABLE t RENAME TO s",
        "CREATE INDEX i ON t(id)",
        "SELECT * FROM t",
        "SELECT count(*) FROM t",
        "SELECT 1 FROM t",
        "INSERT INTO mine SELECT id FROM t",
        "INSERT INTO mine SELECT count(*) FROM t",
        "CREATE TABLE c AS SELECT * FROM t",
    ])
    func unqualifiedNamesNeverFallThrough(_ statement: String) async throws {
        let house = try await house()
        // Alone; behind a statement that attaches public; and in a transaction that holds it.
        for before in ["", "SELECT * FROM public.u;", "BEGIN; DELETE FROM public.u WHERE id = 99;"] {
            let failure = try await house.mustFail(before + statement, in: "reporting")
            #expect(failure.code == "sql.no-such-table", "\(before)")
            #expect(failure.message.hasPrefix("no such table: t in schema reporting"))
            #expect(failure.message.contains("public.t"))
        }
        #expect(try await house.must("SELECT count(*) AS n, sum(x) AS s FROM t") == ["n": 2, "s": 30])
    }

    @Test(arguments: [
        "DELETE FROM t WHERE id IN (SELECT id FROM public.u)",
        "UPDATE t SET x = (SELECT count(*) FROM public.u)",
        "INSERT INTO t SELECT id, id FROM public.u",
        "SELECT * FROM t JOIN public.u ON t.id = u.id",
        "SELECT count(*) FROM t, public.u",
        "SELECT (SELECT count(*) FROM t), u.id FROM public.u AS u",
        "CREATE TABLE c AS SELECT t.* FROM t, public.u",
        "CREATE TABLE public.c AS SELECT t.* FROM t",
        "SELECT x FROM t AS public WHERE public.id = 1",
        "DELETE FROM t WHERE EXISTS (SELECT 1 FROM mine AS public WHERE public.id = 7)",
    ])
    func namingASchemaElsewhereInTheStatementDoesNotHelp(_ statement: String) async throws {
        let house = try await house()
        for before in ["", "SELECT * FROM public.u;", "BEGIN; DELETE FROM public.u WHERE id = 99;"] {
            let failure = try await house.mustFail(before + statement, in: "reporting")
            #expect(
                failure.message
                    == "no such table: t in schema reporting; schema public has one: write public.t to mean that.")
            #expect(failure.line == 1)
        }
        #expect(try await house.must("SELECT count(*) AS n, sum(x) AS s FROM t") == ["n": 2, "s": 30])
        #expect(try await house.must("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'c'") == ["n": 0])
    }

    @Test func aTablesNameBeforeAColumnIsNoSchema() async throws {
        let house = try await house()
        let failure = try await house.mustFail("DELETE FROM flights WHERE flights.year = 2013", in: "reporting")
        #expect(
            failure.message
                == "no such table: flights in schema reporting; schema flights has one: write flights.flights to mean that."
        )
        #expect(try await count("flights", house, in: "flights") == ["n": 1])
        // With a table of that name in the current schema the same statement is right.
        try await house.must(
            """
            SELECT * FROM flights.flights;
            CREATE TABLE flights(year INT); INSERT INTO flights VALUES (2013), (2014);
            DELETE FROM flights WHERE flights.year = 2013;
            """, in: "reporting")
        #expect(try await count("flights", house, in: "reporting") == ["n": 1])
        #expect(try await count("flights", house, in: "flights") == ["n": 1])
    }

    @Test func aWithTableMayBeCalledLikeTheOneItReads() async throws {
        let house = try await house()
        #expect(
            try await house.must(
                "WITH t AS (SELECT * FROM public.t WHERE id = 1) SELECT count(*) AS n FROM t", in: "reporting") == [
                    "n": 1
                ])
        #expect(
            try await house.must(
                "WITH a(b) AS (SELECT 1), t(id, x) AS NOT MATERIALIZED (SELECT * FROM public.t) SELECT count(*) AS n FROM t",
                in: "reporting") == ["n": 2])
        #expect(
            try await house.must("SELECT count(*) AS n FROM (SELECT * FROM public.t) AS t", in: "reporting") == ["n": 2]
        )
    }

    @Test func viewsAndTriggersOfAnotherSchemaWork() async throws {
        let house = try await house()
        try await house.must(
            """
            CREATE VIEW v AS SELECT id, x FROM t; CREATE VIEW w AS SELECT x FROM v;
            CREATE TABLE log(id INT);
            CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.id); DELETE FROM u WHERE id = NEW.id; END;
            CREATE TRIGGER h INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (NEW.id, NEW.x); END;
            """)
        #expect(try await house.must("SELECT sum(x) AS s FROM public.w", in: "reporting") == ["s": 30])
        #expect(try await house.must("SELECT count(*) AS n FROM public.w", in: "reporting") == ["n": 2])
        #expect(try await house.must("SELECT w.x FROM public.w LIMIT 1", in: "reporting") == ["x": 10])
        try await house.must("INSERT INTO public.t VALUES (1, 1); INSERT INTO public.v VALUES (2, 2);", in: "reporting")
        #expect(
            try await house.must("SELECT (SELECT count(*) FROM log) AS l, (SELECT count(*) FROM u) AS u") == [
                "l": 2, "u": 0,
            ])
    }

    @Test func temporaryViewsAndTriggersDoNotReachOut() async throws {
        let house = try await house()
        let view = try await house.mustFail(
            "SELECT * FROM public.u; CREATE TEMP VIEW v AS SELECT * FROM t; SELECT * FROM v", in: "reporting")
        #expect(view.message.hasPrefix("no such table: t in schema reporting"))
        #expect(view.step == 2)
        let counted = try await house.mustFail(
            "SELECT * FROM public.u; CREATE TEMP VIEW v AS SELECT count(*) AS n FROM t; SELECT n FROM v",
            in: "reporting")
        #expect(counted.message.hasPrefix("no such table: t in schema reporting"))
        let trigger = try await house.mustFail(
            """
            CREATE TEMP TRIGGER g AFTER INSERT ON mine BEGIN DELETE FROM t; END;
            INSERT INTO mine SELECT id FROM public.u;
            """, in: "reporting")
        #expect(trigger.message.hasPrefix("no such table: t in schema reporting"))
        #expect(try await count("t", house) == ["n": 2])
        let merged = try await house.mustFail(
            "CREATE TEMP VIEW v AS SELECT 1 AS one FROM t; SELECT v.one FROM v, public.u", in: "reporting")
        #expect(merged.message.hasPrefix("no such table: t in schema reporting"))
    }

    @Test func aTemporaryViewReachesTheSchemasThatItWrites() async throws {
        let house = try await house()
        try await house.must("CREATE VIEW w AS SELECT x FROM t")
        let view = "CREATE TEMP VIEW v AS SELECT x FROM public.t; CREATE TEMP VIEW vw AS SELECT x FROM public.w;"
        #expect(try await house.must(view + "SELECT sum(x) AS s FROM v", in: "reporting") == ["s": 30])
        #expect(try await house.must(view + "SELECT count(*) AS n FROM v", in: "reporting") == ["n": 2])
        #expect(try await house.must(view + "SELECT sum(x) AS s FROM vw", in: "reporting") == ["s": 30])
        #expect(try await house.must(view + "SELECT count(*) AS n FROM vw", in: "reporting") == ["n": 2])
        // The statement itself still has to write it.
        let failure = try await house.mustFail(view + "SELECT * FROM v; DELETE FROM t", in: "reporting")
        #expect(failure.message.hasPrefix("no such table: t in schema reporting"))
        #expect(failure.step == 3)
        // Across a USE and back the view still finds it.
        #expect(
            try await house.must(
                view + "USE SCHEMA extra; SELECT sum(x) AS s FROM v; VACUUM; SELECT sum(x) AS s FROM v")
                == ["s": 30])
        try await house.must(
            view + "DROP VIEW v; CREATE VIEW v AS SELECT id FROM mine; SELECT * FROM v", in: "reporting")
    }

    @Test func foreignKeysOfAnotherSchemaAreFollowed() async throws {
        let house = try await house()
        try await house.must(
            """
            CREATE TABLE parent(id INTEGER PRIMARY KEY, k TEXT UNIQUE);
            CREATE TABLE child(id INT, p INT REFERENCES parent(id) ON DELETE CASCADE,
              k TEXT REFERENCES parent(k) ON UPDATE CASCADE ON DELETE SET NULL);
            INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1, 'a'), (2, 2, 'b');
            """)
        try await house.must(
            """
            SELECT * FROM public.u;
            INSERT INTO public.child VALUES (3, 2, 'b');
            UPDATE public.parent SET k = 'c' WHERE id = 2;
            DELETE FROM public.parent WHERE id = 1;
            """, in: "reporting")
        #expect(
            try await house.must("SELECT count(*) AS n, min(k) AS k FROM child") == ["n": 2, "k": "c"])
        let failure = try await house.mustFail("INSERT INTO public.child VALUES (4, 99, NULL)", in: "reporting")
        #expect(failure.code == "sql.constraint")
        #expect(failure.message == "FOREIGN KEY constraint failed")
        try await house.must("DROP TABLE public.child; DROP TABLE public.parent;", in: "reporting")
    }

    @Test func fullTextIndexesOfAnotherSchemaWork() async throws {
        let house = try await house()
        try await house.must("CREATE VIRTUAL TABLE extra.words USING fts5(body);", in: "reporting")
        try await house.must(
            """
            INSERT INTO extra.words VALUES ('the quick fox'), ('a slow dog');
            INSERT INTO extra.words(words) VALUES ('optimize');
            """, in: "reporting")
        #expect(
            try await house.must("SELECT body FROM extra.words WHERE words MATCH 'quick'", in: "reporting")
                == ["body": "the quick fox"])
        try await house.must("DROP TABLE extra.words", in: "reporting")
    }

    @Test func statementsOverAllSchemasKeepToTheirOwn() async throws {
        let house = try await house()
        try await house.must(
            "SELECT * FROM public.t; ANALYZE; REINDEX; VACUUM; PRAGMA optimize; SELECT * FROM public.t;",
            in: "reporting")
        #expect(try await house.must("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'sqlite_stat1'") == ["n": 0])
        try await house.must("REINDEX public.t; ANALYZE public.t", in: "reporting")
        #expect(try await house.must("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'sqlite_stat1'") == ["n": 1])
    }

    @Test func moreThanTenSchemasInOneScriptWork() async throws {
        let house = try SQLiteHouse(schemas: (1...24).map { "s\($0)" })
        let create = (1...24).map { "CREATE TABLE s\($0).t(a INT); INSERT INTO s\($0).t VALUES (\($0));" }.joined()
        try await house.must(create)
        let ten = (1...10).map { "SELECT a FROM s\($0).t" }.joined(separator: " UNION ALL ")
        #expect(try await house.must("SELECT sum(a) AS s FROM (\(ten))") == ["s": 55])
        let eleven = (1...11).map { "SELECT a FROM s\($0).t" }.joined(separator: " UNION ALL ")
        #expect(try await house.mustFail("SELECT sum(a) AS s FROM (\(eleven))").code == "sql.too-many-schemas")
        let inTransaction = "BEGIN; " + (1...11).map { "INSERT INTO s\($0).t VALUES (0);" }.joined() + "COMMIT"
        let failure = try await house.mustFail(inTransaction)
        #expect(failure.code == "sql.too-many-schemas")
        #expect(failure.step == 11)
        #expect(try await house.must("SELECT count(*) AS n FROM s1.t") == ["n": 1])
        try await house.must((1...10).map { "SELECT * FROM s\($0).t;" }.joined() + "VACUUM;")
    }

    @Test func anAliasThatIsNoSchemaCostsNothing() async throws {
        let house = try await house()
        #expect(try await house.must("SELECT f.x FROM t AS f WHERE f.id = 2") == ["x": 20])
        // A schema that is made while the session lives is found.
        try await house.must(
            "SELECT late.id FROM t AS late; CREATE SCHEMA late; CREATE TABLE late.a(b); INSERT INTO late.a VALUES (1);")
    }

    @Test func schemasAnotherSessionMakesAreFoundToo() async throws {
        let house = try await house()
        let root = SQLiteRoot(folder: house.root)
        let ran = try await house.run(
            "SELECT late.id FROM t AS late; CREATE TABLE late.a(b); SELECT count(*) AS n FROM late.a",
            observer: { event in
                if case .ended(let step) = event, step.index == 0 { try? root.createSchema("late", in: "master") }
            })
        #expect(ran.outcome == .succeeded(value: ["n": 0]))
    }
}
