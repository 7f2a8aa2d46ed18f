import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Databases and schemas are made and dropped by SQL")
struct SQLiteDefinitionTests {
    private func schemas(_ house: SQLiteHouse, of database: String = "master") throws -> [String] {
        try SQLiteRoot(folder: house.root).schemas(of: database)
    }

    private func databases(_ house: SQLiteHouse) throws -> [String] { try SQLiteRoot(folder: house.root).databases() }

    @Test func schemasAreMadeAndDropped() async throws {
        let house = try SQLiteHouse()
        try await house.must(
            """
            CREATE SCHEMA A; create schema "Mixed Case"; CREATE SCHEMA IF NOT EXISTS a; CREATE SCHEMA /* c */ IF NOT EXISTS [b];
            CREATE TABLE a.t(x); CREATE TABLE "Mixed Case".t(x); USE SCHEMA "Mixed Case"; INSERT INTO t VALUES (1); SELECT * FROM a.t;
            """)
        #expect(try schemas(house) == ["Mixed Case", "a", "b", "public"])
        try await house.must(
            "SELECT * FROM a.t; DROP TABLE a.t; DROP SCHEMA a; DROP SCHEMA IF EXISTS a; DROP SCHEMA IF EXISTS \"../b\"; DROP SCHEMA b RESTRICT"
        )
        #expect(try schemas(house) == ["Mixed Case", "public"])
        #expect(try await house.mustFail("SELECT * FROM a.t").code == "sql.no-such-table")
    }

    @Test func databasesAreMadeAndDropped() async throws {
        let house = try SQLiteHouse()
        try await house.must(
            "CREATE DATABASE Sales; CREATE DATABASE IF NOT EXISTS sales; CREATE SCHEMA sales.eu; CREATE SCHEMA IF NOT EXISTS sales.eu;"
        )
        #expect(try databases(house) == ["master", "sales"])
        #expect(try schemas(house, of: "sales") == ["eu", "public"])
        try await house.must(
            "USE DATABASE sales SCHEMA eu; CREATE TABLE t(a); USE DATABASE master SCHEMA public; DROP DATABASE sales; DROP DATABASE IF EXISTS sales;"
        )
        #expect(try databases(house) == ["master"])
        let left = try FileManager.default.contentsOfDirectory(atPath: house.root.path(percentEncoded: false))
        #expect(left == ["master"])
    }

    @Test func aSchemaWithTablesIsDroppedByCascadeAlone() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        let failure = try await house.mustFail("CREATE TABLE a.t(x); CREATE VIEW a.v AS SELECT 1;\nDROP SCHEMA a")
        #expect(failure.code == "sql.schema-not-empty")
        #expect(failure.message == "Schema 'a' still holds table t, view v. Drop these first, or say CASCADE.")
        #expect(failure.line == 2)
        #expect(try await house.must("INSERT INTO a.t VALUES (1); SELECT count(*) AS n FROM a.t") == ["n": 1])
        try await house.must("DROP SCHEMA a CASCADE; CREATE SCHEMA a; CREATE TABLE a.t(y)")
    }

    @Test(arguments: [
        ("DROP SCHEMA public", "sql.drop-refused", "Every database keeps its schema 'public'."),
        ("DROP SCHEMA d.public CASCADE", "sql.drop-refused", "Every database keeps its schema 'public'."),
        ("USE SCHEMA a; DROP SCHEMA a", "sql.drop-refused", "The script is in schema 'a'."),
        ("DROP DATABASE master", "sql.drop-refused", "The database 'master' always exists."),
        ("USE DATABASE d; DROP DATABASE d", "sql.drop-refused", "The script is in database 'd'."),
        ("DROP SCHEMA nope", "sql.unknown-schema", "Database 'master' has no schema 'nope'. It has: a, public."),
        ("DROP DATABASE nope", "sql.unknown-database", "There is no database 'nope'. There are: d, master."),
        ("CREATE SCHEMA nope.x", "sql.unknown-database", "There is no database 'nope'."),
        ("CREATE SCHEMA a", "sql.duplicate-schema", "The schema 'a' exists already."),
        (
            "CREATE SCHEMA \"A\"", "sql.duplicate-schema",
            "The schema 'a' exists already; SQLite takes no notice of case"
        ),
        ("CREATE DATABASE d", "sql.duplicate-database", "The database 'd' exists already."),
        (
            "CREATE DATABASE \"D\"", "sql.duplicate-database",
            "The database 'd' exists already; SQLite takes no notice of case"
        ),
        ("CREATE SCHEMA \"a/b\"", "sql.bad-name", "'a/b' cannot be the name of a schema: it holds a /"),
        ("CREATE DATABASE \"..\"", "sql.bad-name", "'..' cannot be the name of a database: it begins with a dot."),
        ("CREATE SCHEMA \".x\"", "sql.bad-name", "'.x' cannot be the name of a schema: it begins with a dot."),
        ("CREATE SCHEMA \"\"", "sql.bad-name", "'' cannot be the name of a schema: it is empty."),
        ("CREATE SCHEMA main", "sql.bad-name", "'main' cannot be the name of a schema: SQLite keeps this name"),
        ("CREATE SCHEMA \"TEMP\"", "sql.bad-name", "'TEMP' cannot be the name of a schema: SQLite keeps this name"),
        (
            "CREATE DATABASE \(String(repeating: "x", count: 129))", "sql.bad-name",
            "'\(String(repeating: "x", count: 129))' cannot"
        ),
        ("CREATE SCHEMA", "sql.definition-malformed", "The name of a schema is expected at line 1, column 14."),
        ("CREATE SCHEMA 'a'", "sql.definition-malformed", "The name of a schema is expected at line 1, column 15."),
        (
            "CREATE SCHEMA x AUTHORIZATION y", "sql.definition-malformed",
            "The end of the statement is expected at line 1, column 17."
        ),
        (
            "CREATE DATABASE d.x", "sql.definition-malformed",
            "The end of the statement is expected at line 1, column 18."
        ),
        ("CREATE SCHEMA IF EXISTS x", "sql.definition-malformed", "IF NOT EXISTS is expected at line 1, column 18."),
        ("DROP DATABASE IF NOT EXISTS x", "sql.definition-malformed", "IF EXISTS is expected at line 1, column 18."),
        ("BEGIN; CREATE SCHEMA x", "sql.definition-in-transaction", "A transaction cannot take a schema back"),
        ("BEGIN; DROP DATABASE d", "sql.definition-in-transaction", "A transaction cannot take a database back"),
    ])
    func whatCannotBeIsRefused(_ sql: String, _ code: String, _ message: String) async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE DATABASE d")
        let failure = try await house.mustFail(sql)
        #expect(failure.code == code)
        #expect(failure.message.hasPrefix(message), "\(failure.message)")
        #expect(failure.line == 1)
        #expect(try databases(house) == ["d", "master"])
        #expect(try schemas(house) == ["a", "public"])
        #expect(try schemas(house, of: "d") == ["public"])
    }

    @Test func whatAnotherSessionUsesIsNotDropped() async throws {
        let house = try SQLiteHouse(["busyTimeout": "0.05"], schemas: ["a"])
        try await house.must("CREATE DATABASE d; CREATE SCHEMA d.s; USE DATABASE d SCHEMA s; CREATE TABLE t(x)")
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults(schema: "a"))
        _ = try await session.execute("CREATE TABLE t(x)", [])
        let schema = try await house.mustFail("DROP SCHEMA a CASCADE")
        #expect(schema.code == "sql.busy")
        #expect(
            schema.message == "master.a is in use by another session, and so cannot be dropped. Run it again later.")
        _ = try await session.execute("USE DATABASE d SCHEMA s", [])
        _ = try await session.execute("INSERT INTO t VALUES (1)", [])
        let database = try await house.mustFail("DROP DATABASE d")
        #expect(database.message.hasPrefix("d.s is in use by another session"))
        #expect(try await session.execute("SELECT count(*) FROM t", []).rows == [[1]])
        await session.close()
        try await house.must("DROP DATABASE d; DROP SCHEMA a CASCADE")
        #expect(try databases(house) == ["master"])
    }

    @Test func ofManySessionsThatMakeOneExactlyOneDoes() async throws {
        let house = try SQLiteHouse()
        for statement in ["CREATE DATABASE d", "CREATE SCHEMA s"] {
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await house.run(statement).succeeded } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1, "\(statement)")
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: house.root.path(percentEncoded: false))
        // Sessions that close at the same moment may each leave the log to the other.
        let kept = names.filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        #expect(kept.sorted() == ["d", "d/public.db", "master", "master/public.db", "master/s.db"])
    }

    @Test func manySessionsMakeTheSameAtOnce() async throws {
        let house = try SQLiteHouse()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await house.run(
                        "CREATE SCHEMA IF NOT EXISTS s; CREATE TABLE IF NOT EXISTS s.t(a); INSERT INTO s.t VALUES (1)"
                    ).succeeded
                }
            }
            for try await succeeded in group { #expect(succeeded) }
        }
        #expect(try await house.must("SELECT count(*) AS n FROM s.t") == ["n": 8])
    }
}
