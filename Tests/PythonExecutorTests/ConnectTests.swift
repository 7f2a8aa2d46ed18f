import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("sluice.connect()")
struct ConnectTests {
    /// Opens a connection as `db`, with a schema `reporting` beside `public`.
    private static let opening = """
        import os, sqlite3, sluice
        db = sluice.connect()
        root = os.path.dirname(db.execute("PRAGMA database_list").fetchone()[2])
        for name in ["reporting", "Archive"]:
            other = sqlite3.connect(f"{root}/{name}.db")
            other.executescript('''
                CREATE TABLE delays(carrier, delay); INSERT INTO delays VALUES ('AA', 5);
                CREATE TABLE parent(id INTEGER PRIMARY KEY);
                CREATE TABLE child(parent REFERENCES parent ON DELETE CASCADE);
                CREATE TABLE log(text);
                CREATE TRIGGER noted AFTER INSERT ON child BEGIN INSERT INTO log VALUES (new.parent); END;
                CREATE VIEW late AS SELECT carrier FROM delays;
            ''')
            other.close()
        db.execute("CREATE TABLE flights(carrier)")
        db.execute("INSERT INTO flights VALUES ('AA')")
        db.commit()

        """

    private func run(_ body: String, _ location: SourceLocation = #_sourceLocation) async throws -> [String] {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": Self.opening + body])
            let outcome = try await bench.run("a.py", context)
            expectDone(outcome, location)
            return context.output
        }
    }

    @Test func opensTheTasksSchemaUnderItsName() async throws {
        let output = try await run(
            """
            print([row[1] for row in db.execute("PRAGMA database_list")], db.execute("PRAGMA journal_mode").fetchone())
            print(db.execute("SELECT count(*) FROM public.flights, main.flights, flights").fetchone())
            print(db.execute("PRAGMA foreign_keys").fetchone(), oct(os.stat(root + "/public.db").st_mode))
            own = sqlite3.connect("own.db")
            print([row[1] for row in own.execute("PRAGMA database_list")])
            """)
        #expect(output == ["['public'] ('wal',)", "(1,)", "(1,) 0o100600", "['main']"])
    }

    @Test func reachesOtherSchemasByTheirNames() async throws {
        let output = try await run(
            """
            print(db.execute("SELECT f.carrier, d.delay FROM flights f JOIN reporting.delays d USING (carrier)").fetchall())
            print(db.execute('SELECT delay FROM "ARCHIVE".delays').fetchall())
            db.execute("CREATE TABLE reporting.top AS SELECT * FROM flights")
            db.execute("CREATE INDEX reporting.by_carrier ON top(carrier)")
            db.executemany("INSERT INTO reporting.top VALUES (?)", [("B6",), ("UA",)])
            db.executescript("INSERT INTO reporting.child VALUES (NULL); ALTER TABLE reporting.top RENAME TO best")
            db.commit()
            print(db.execute("SELECT count(*) FROM reporting.best").fetchone(), db.execute("SELECT * FROM reporting.late").fetchall())
            print(db.execute("SELECT text FROM reporting.log").fetchall())
            """)
        #expect(output == ["[('AA', 5)]", "[(5,)]", "(3,) [('AA',)]", "[(None,)]"])
    }

    @Test(arguments: [
        "SELECT * FROM delays", "SELECT count(*) FROM delays", "DELETE FROM delays", "UPDATE delays SET delay = 0",
        "INSERT INTO delays SELECT * FROM reporting.delays", "DROP TABLE delays",
        "DELETE FROM delays WHERE carrier IN (SELECT carrier FROM reporting.late)",
        "SELECT (SELECT count(*) FROM delays) FROM reporting.parent", "SELECT * FROM late",
        "WITH d AS (SELECT * FROM delays) SELECT count(*) FROM d JOIN reporting.log",
        "SELECT * FROM reporting.delays JOIN delays USING (carrier)", "SELECT 1 FROM reporting.delays AS d, delays",
    ])
    func neverReachesThemByUnqualifiedNames(_ sql: String) async throws {
        let output = try await run(
            """
            db.execute("SELECT * FROM reporting.delays").fetchall()
            try:
                print("reached", db.execute(\"\"\"\(sql)\"\"\").fetchall())
            except sqlite3.OperationalError as error:
                print("refused")
            db.rollback()
            print(db.execute("SELECT * FROM reporting.delays").fetchall())
            """)
        #expect(output == ["refused", "[('AA', 5)]"])
    }

    @Test func letsTemporaryViewsReachSeveral() async throws {
        let output = try await run(
            """
            db.execute("CREATE TEMP VIEW both AS SELECT carrier FROM flights UNION ALL SELECT carrier FROM reporting.delays")
            print(db.execute("SELECT count(*) FROM both").fetchone())
            try:
                db.execute("DELETE FROM delays")
            except sqlite3.OperationalError as error:
                print(error)
            """)
        #expect(
            output == [
                "(2,)",
                "no such table: delays in schema public; schema reporting has one: write reporting.delays to mean that",
            ])
    }

    @Test func followsForeignKeysAndTriggersOfWhatIsNamed() async throws {
        let output = try await run(
            """
            db.execute("INSERT INTO reporting.parent VALUES (1)")
            db.execute("INSERT INTO reporting.child VALUES (1)")
            db.execute("DELETE FROM reporting.parent")
            print(db.execute("SELECT count(*) FROM reporting.child").fetchone())
            print(db.execute("SELECT delays.carrier FROM reporting.delays AS delays WHERE delays.delay > 1").fetchone())
            print(db.execute("WITH delays AS (SELECT * FROM reporting.delays) SELECT count(*) FROM delays").fetchone())
            """)
        #expect(output == ["(0,)", "('AA',)", "(1,)"])
    }

    @Test(arguments: [
        ("ATTACH 'other.db' AS other", "ATTACH, DETACH and VACUUM INTO are not for scripts"),
        ("VACUUM INTO 'copy.db'", "ATTACH, DETACH and VACUUM INTO are not for scripts"),
        ("SELECT load_extension('x')", "scripts may not load extensions"),
        ("PRAGMA writable_schema = 1", "PRAGMA writable_schema is not for scripts"),
        ("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode can be asked but not set"),
    ])
    func refusesWhatIsNotForScripts(_ sql: String, _ reason: String) async throws {
        let output = try await run(
            """
            try:
                db.execute("\(sql)")
            except sqlite3.OperationalError as error:
                print(error)
            """)
        #expect(output.count == 1 && output[0].hasPrefix(reason))
    }

    @Test func vacuumsAndAnalyses() async throws {
        _ = try await run(
            """
            db.execute("SELECT * FROM reporting.delays").fetchall()
            for sql in ["VACUUM", "ANALYZE", "VACUUM reporting", "REINDEX", "PRAGMA optimize"]:
                db.execute(sql).fetchall()
            """)
    }

    @Test func reachesMoreSchemasThanSQLiteAttaches() async throws {
        let output = try await run(
            """
            for number in range(25):
                other = sqlite3.connect(f"{root}/s{number}.db")
                other.execute("CREATE TABLE t(x)")
                other.commit()
                other.close()
            for number in range(25):
                db.execute(f"INSERT INTO s{number}.t VALUES ({number})")
                db.commit()
            print(sum(db.execute(f"SELECT x FROM s{number}.t").fetchone()[0] for number in range(25)))
            try:
                for number in range(25):
                    db.execute(f"INSERT INTO s{number}.t VALUES ({number})")
            except sqlite3.OperationalError as error:
                print(error)
            """)
        #expect(
            output == [
                "300",
                "SQLite reaches ten schemas beside the current one in a transaction or a statement: take the work apart",
            ])
    }

    @Test func listsWhatThereIsWhenANameIsWrong() async throws {
        let output = try await run(
            """
            for arguments in [("nothing", None), (None, "nowhere"), ("../master", None), (None, "../master/public")]:
                try:
                    sluice.connect(*arguments)
                except sluice.Error as error:
                    print(error)
            print(sorted(os.listdir(root)) == sorted(name for name in os.listdir(root) if "nowhere" not in name))
            """)
        #expect(
            output == [
                "There is no database 'nothing'. There are: master.",
                "Database 'master' has no schema 'nowhere'. It has: Archive, public, reporting.",
                "There is no database '../master'. There are: master.",
                "Database 'master' has no schema '../master/public'. It has: Archive, public, reporting.", "True",
            ])
    }

    @Test func losesWhatWasNotCommitted() async throws {
        let output = try await run(
            """
            db.execute("DELETE FROM flights")
            db.close()
            with sluice.connect() as again:
                print(again.execute("SELECT count(*) FROM flights").fetchone())
                again.execute("DELETE FROM flights")
            print(sluice.connect().execute("SELECT count(*) FROM flights").fetchone())
            """)
        #expect(output == ["(1,)", "(0,)"])
    }

    @Test func worksWithRowAndTextFactories() async throws {
        let output = try await run(
            """
            db.row_factory = sqlite3.Row
            db.text_factory = bytes
            print(dict(db.execute("SELECT carrier FROM reporting.delays").fetchone()))
            cursor = db.cursor()
            cursor.row_factory = lambda cursor, row: [column[0] for column in cursor.description]
            print(cursor.execute("SELECT carrier, delay FROM Archive.delays").fetchall())
            """)
        #expect(output == ["{'carrier': b'AA'}", "[['carrier', 'delay']]"])
    }

    @Test func isForConnectionsOfTheEmbeddedEngineOnly() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": "import sluice\nsluice.connect()"])
            var attempt = try await bench.attempt("a.py", context)
            attempt.connection = ConnectionInfo(name: "warehouse", kind: "postgres", dialect: .postgres)
            let failure = try failure(await bench.executor.execute(attempt, in: context))
            #expect(
                failure.message.hasPrefix(
                    "sluice.Error: sluice.connect() opens connections of kind 'sqlite'; 'warehouse'"))
        }
    }

    @Test func readsNamesAsTheSQLPluginDoes() async throws {
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/sql/named-schemas.json").standardizedFileURL.path
        let output = try await run(
            """
            import json
            statement_of = type(db).__init__.__globals__["statement_of"]
            for case in json.load(open("\(corpus)")):
                found = statement_of(case["sql"]).schemas
                if found != case["schemas"]:
                    print(case, found)
            """)
        #expect(output == [])
    }

    @Test func choosesDatabaseAndSchemaAsUseDoes() async throws {
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/sql/use.json").standardizedFileURL.path
        let output = try await run(
            """
            import json
            databases = sluice._attempt.databases()
            databases.connect = lambda settings, database, schema, error: (database, schema)
            sluice.context.database, sluice.context.schema = "current", "here"
            count = 0
            for case in json.load(open("\(corpus)")):
                names = case.get("database"), case.get("schema")
                if "sqlite" not in case["dialects"] or not any(names):
                    continue
                count += 1
                found, wanted = sluice.connect(*names), (names[0] or "current", names[1] or "here")
                if found != wanted:
                    print(case, found)
            print(count > 10)
            """)
        #expect(output == ["True"])
    }

    @Test func keepsTheSchemasNameInAnotherDatabase() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": """
                import os, sqlite3, sluice
                db = sluice.connect(schema="public")
                master = os.path.dirname(db.execute("PRAGMA database_list").fetchone()[2])
                for path in [f"{master}/reporting.db", f"{master}/../sales/reporting.db", f"{master}/../bare/public.db"]:
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL")
                print([row[1] for row in sluice.connect("sales").execute("PRAGMA database_list")])
                try:
                    sluice.connect("bare")
                except sluice.Error as error:
                    print(error)
                """
            ])
            var attempt = try await bench.attempt("a.py", context)
            attempt.target.schema = "reporting"
            expectDone(try await bench.executor.execute(attempt, in: context))
            #expect(
                context.output == [
                    "['reporting']", "Database 'bare' has no schema 'reporting'. It has: public.",
                ])
        }
    }

    @Test func suitsPandas() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": """
                # /// script
                # dependencies = ["pandas"]
                # ///
                import pandas, sluice
                db = sluice.connect()
                frame = pandas.DataFrame({"carrier": ["AA", "B6"], "delay": [1.5, None]})
                print(frame.to_sql("delays", db, index=False))
                print(pandas.read_sql("SELECT * FROM public.delays WHERE delay > ?", db, params=[1]).to_dict("records"))
                sluice.result({
                    "mean": frame.delay.mean(), "rows": frame.carrier.count(), "all": frame.delay, "first": frame.delay.iloc[0],
                    "when": pandas.Timestamp("2013-01-02"), "not": pandas.NaT, "missing": pandas.NA, "values": frame.delay.values,
                })
                """
            ])
            let outcome = try await bench.run("a.py", context)
            let expected: JSONValue = [
                "mean": 1.5, "rows": 2, "all": [1.5, nil], "first": 1.5, "when": "2013-01-02T00:00:00", "not": nil,
                "missing": nil, "values": [1.5, nil],
            ]
            #expect(outcome == .succeeded(value: expected))
            #expect(context.output == ["2", "[{'carrier': 'AA', 'delay': 1.5}]"])
        }
    }
}
