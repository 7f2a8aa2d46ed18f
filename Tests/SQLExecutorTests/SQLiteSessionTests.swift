import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A session lives for one task")
struct SQLiteSessionTests {
    // MARK: - USE

    @Test func useSwitchesWhereUnqualifiedNamesResolve() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        #expect(
            try await house.must(
                """
                CREATE TABLE t(x); INSERT INTO t VALUES ('public');
                USE SCHEMA a; CREATE TABLE t(x); INSERT INTO t VALUES ('a'); INSERT INTO public.t SELECT x FROM t;
                CREATE DATABASE d; USE DATABASE d SCHEMA public; CREATE TABLE t(x); INSERT INTO t VALUES ('d');
                USE SCHEMA public DATABASE master; SELECT group_concat(x) AS x FROM t;
                """) == ["x": "public,a"])
        #expect(try await house.must("USE DATABASE d; SELECT x FROM t") == ["x": "d"])
    }

    @Test func useNeverLeaksIntoTheNextTask() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE TABLE t(x); USE SCHEMA a; CREATE TEMP TABLE mine(x); PRAGMA foreign_keys = OFF;")
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
        #expect(try await house.mustFail("SELECT * FROM mine").code == "sql.no-such-table")
        #expect(try await house.run("PRAGMA foreign_keys").context.previews.first?.rows == [[1]])
    }

    @Test func anUnknownSchemaListsWhatExists() async throws {
        let house = try SQLiteHouse(schemas: ["reporting"])
        let first = try await house.mustFail("-- a comment\n  USE SCHEMA nope;\nSELECT 1")
        #expect(first.code == "sql.unknown-schema")
        #expect(
            first.message
                == "Database 'master' has no schema 'nope'. It has: public, reporting. CREATE SCHEMA makes another.")
        #expect(first.line == 2 && first.column == 3 && first.step == 0)
        let later = try await house.mustFail("SELECT 1;\nUSE SCHEMA nope")
        #expect(later.message == first.message)
        #expect(later.line == 2 && later.step == 1)
        let cased = try await house.mustFail("USE SCHEMA \"Reporting\"")
        #expect(cased.message.hasPrefix("Database 'master' has no schema 'Reporting'. It has: public, reporting."))
    }

    @Test func anUnknownDatabaseListsWhatExists() async throws {
        let house = try SQLiteHouse()
        try await house.must("CREATE DATABASE sales")
        let failure = try await house.mustFail("USE DATABASE nope SCHEMA a; SELECT 1")
        #expect(failure.code == "sql.unknown-database")
        #expect(
            failure.message == "There is no database 'nope'. There are: master, sales. CREATE DATABASE makes another.")
        #expect(try await house.mustFail("SELECT 1; USE DATABASE nope").message == failure.message)
        #expect(try await house.mustFail("USE DATABASE \"../x\"").code == "sql.unknown-database")
        #expect(try await house.mustFail("USE SCHEMA \"../public\"").code == "sql.unknown-schema")
    }

    @Test func aDatabaseWithoutTheCurrentSchemaIsAnErrorAtTheNextStatement() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE DATABASE d")
        let failure = try await house.mustFail("SELECT 1; USE DATABASE d;\nSELECT 2", in: "a")
        #expect(failure.code == "sql.unknown-schema")
        #expect(failure.line == 2)
        try await house.must("SELECT 1; USE DATABASE d; USE SCHEMA public; SELECT 2", in: "a")
        try await house.must("SELECT 1; USE DATABASE d; CREATE SCHEMA a; CREATE TABLE t(x)", in: "a")
    }

    @Test func useIsRefusedInsideATransaction() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        for use in ["USE SCHEMA a", "USE DATABASE master", "USE SCHEMA a DATABASE master"] {
            let failure = try await house.mustFail("BEGIN;\n\(use);\nCOMMIT")
            #expect(failure.code == "sql.use-in-transaction")
            #expect(failure.line == 2)
            #expect(failure.message.contains("COMMIT before it"))
        }
    }

    @Test func temporaryObjectsSurviveAUse() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE TABLE t(x); INSERT INTO t VALUES (5)", in: "a")
        let ran = try await house.run(
            """
            CREATE TABLE t(x); INSERT INTO t VALUES (1);
            CREATE TEMP TABLE kept(x INTEGER PRIMARY KEY, y TEXT); CREATE INDEX temp.i ON kept(y);
            INSERT INTO kept SELECT value, 'row ' || value FROM json_each('[1,2,3]');
            CREATE TEMP VIEW v AS SELECT x FROM t;
            CREATE TEMP TRIGGER g AFTER INSERT ON kept BEGIN UPDATE kept SET y = 'triggered' WHERE x = NEW.x; END;
            USE SCHEMA a;
            SELECT count(*) AS n, max(y) AS y, (SELECT x FROM v) AS v FROM kept;
            INSERT INTO kept VALUES (4, 'z');
            USE SCHEMA public;
            SELECT count(*) AS n, max(y) AS y, (SELECT x FROM v) AS v FROM kept;
            """)
        #expect(ran.failure == nil)
        #expect(ran.context.previews.map(\.rows) == [[[3, "row 3", 5]], [[4, "triggered", 1]]])
    }

    @Test func settingsOfTheSessionSurviveAUse() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        let ran = try await house.run(
            "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2); PRAGMA foreign_keys = OFF; PRAGMA cache_size = 123; USE SCHEMA a; "
                + "PRAGMA foreign_keys; PRAGMA cache_size; SELECT last_insert_rowid() AS id;")
        #expect(ran.context.previews.suffix(3).map(\.rows) == [[[0]], [[123]], [[2]]])
    }

    // MARK: - How it is opened

    @Test func aSessionIsSafeFromTheStart() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        let ran = try await house.run(
            """
            PRAGMA journal_mode; PRAGMA foreign_keys; PRAGMA synchronous; SELECT * FROM a.sqlite_schema; PRAGMA a.journal_mode;
            PRAGMA a.synchronous; PRAGMA trusted_schema;
            """)
        #expect(ran.context.previews.map(\.rows) == [[["wal"]], [[1]], [[2]], [], [["wal"]], [[2]], [[1]]])
        let relaxed = try SQLiteHouse(["synchronous": "normal"], schemas: ["a"])
        let normal = try await relaxed.run("PRAGMA synchronous; SELECT * FROM a.sqlite_schema; PRAGMA a.synchronous;")
        #expect(normal.context.previews.map(\.rows) == [[[1]], [], [[1]]])
    }

    @Test func filesAreTheirOwnersAlone() async throws {
        let house = try SQLiteHouse()
        try await house.must(
            "CREATE DATABASE d; CREATE SCHEMA d.s; CREATE TABLE t(a); USE DATABASE d SCHEMA s; CREATE TABLE t(a)")
        func mode(_ path: String) throws -> Int {
            let url = path.isEmpty ? house.root : house.root.appending(path: path)
            let attributes = try FileManager.default.attributesOfItem(atPath: url.path(percentEncoded: false))
            return try #require(attributes[.posixPermissions] as? Int)
        }
        for folder in ["", "master", "d"] { #expect(try mode(folder) == 0o700, "\(folder)") }
        for file in ["master/public.db", "d/public.db", "d/s.db"] { #expect(try mode(file) == 0o600, "\(file)") }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: house.root.appending(path: "d").path(percentEncoded: false))
        #expect(names.sorted() == ["public.db", "s.db"])
    }

    @Test func theRootIsMadeAtTheFirstOpening() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "sluice-sql-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let connection = Connection(
            info: ConnectionInfo(
                name: "local", kind: "sqlite", dialect: .sqlite,
                settings: ["root": root.appending(path: "deep/er").path(percentEncoded: false)]))
        let session = try await SQLExecutor().openSession(on: connection, in: SessionDefaults())
        #expect(try await session.execute("SELECT 1 AS a", []).rows == [[1]])
        await session.close()
        #expect(
            FileManager.default.fileExists(
                atPath: root.appending(path: "deep/er/master/public.db").path(percentEncoded: false)))
    }

    @Test(arguments: [
        (["root": ""], "needs the setting 'root'"),
        (["synchronous": "maybe"], "'synchronous' is 'maybe'; it can be off, normal, full, extra."),
        (["busyTimeout": "soon"], "'busyTimeout' is 'soon'; it is a number of seconds, 0 to 86400."),
    ])
    func badSettingsAreNamed(_ settings: [String: String], _ message: String) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "unused").path(percentEncoded: false)
        let connection = Connection(
            info: ConnectionInfo(
                name: "mine", kind: "sqlite", dialect: .sqlite, settings: ["root": root].merging(settings) { $1 }))
        let error = await #expect(throws: SQLError.self) {
            try await SQLExecutor().openSession(on: connection, in: SessionDefaults())
        }
        #expect(error?.code == "sql.connection-setting")
        #expect(error?.message.contains(message) == true)
        #expect(error?.message.hasPrefix("Connection 'mine'") == true)
    }

    @Test func anUnknownKindOfConnectionListsTheKnownOnes() async throws {
        let connection = Connection(info: ConnectionInfo(name: "dw", kind: "oracle", dialect: .postgres))
        let error = await #expect(throws: SQLError.self) {
            try await SQLExecutor().openSession(on: connection, in: SessionDefaults())
        }
        #expect(error?.code == "sql.unknown-connector")
        #expect(error?.message.contains("'oracle'") == true && error?.message.hasSuffix("sqlite.") == true)
    }

    @Test func aRootThatCannotBeMadeIsAFault() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sluice-sql-\(UUID().uuidString)")
        try Data("x".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let connection = Connection(
            info: ConnectionInfo(
                name: "local", kind: "sqlite", dialect: .sqlite,
                settings: ["root": file.appending(path: "root").path(percentEncoded: false)]))
        let error = await #expect(throws: SQLError.self) {
            try await SQLExecutor().openSession(on: connection, in: SessionDefaults())
        }
        #expect(error?.code == "sql.storage")
        #expect(error?.category == .fault)
    }

    @Test func aFileThatIsNoDatabaseIsNamedSo() async throws {
        let house = try SQLiteHouse()
        try Data(repeating: 0x41, count: 5_000).write(to: house.root.appending(path: "master/broken.db"))
        let attempt = house.attempt("SELECT 1", target: SessionDefaults(schema: "broken"))
        let error = await #expect(throws: SQLError.self) {
            try await house.executor.execute(attempt, in: RecordingContext(house.connection))
        }
        #expect(error?.code == "sql.storage")
        #expect(error?.category == .fault)
        #expect(error?.message.hasSuffix("master/broken.db cannot be used: file is not a database.") == true)
        let failure = try await house.mustFail("SELECT * FROM broken.t")
        #expect(failure.code == "sql.storage")
        #expect(failure.message == "file is not a database")
    }

    @Test func aFileInAnotherJournalModeIsTakenOver() async throws {
        let house = try SQLiteHouse()
        let path = SQLiteRoot(folder: house.root).path("master", "public")
        let handle = try SQLiteHandle(house.settings, at: path, cancellation: SQLCancellation())
        #expect(try handle.text("PRAGMA journal_mode = DELETE") == "delete")
        handle.close()
        #expect(try await house.run("PRAGMA journal_mode").context.previews.first?.rows == [["wal"]])
    }
}
