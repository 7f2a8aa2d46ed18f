import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("What a script may not do on the embedded engine")
struct SQLiteGuardTests {
    @Test(arguments: [
        ("ATTACH 'x.db' AS x", "ATTACH is not for scripts"),
        ("ATTACH DATABASE ':memory:' AS x", "ATTACH is not for scripts"),
        ("attach 'file:x?mode=memory' as x", "ATTACH is not for scripts"),
        ("DETACH public", "DETACH is not for scripts"), ("VACUUM INTO 'copy.db'", "VACUUM INTO is not for scripts"),
        ("SELECT load_extension('x')", "Scripts may not load extensions."),
        ("PRAGMA writable_schema = ON", "PRAGMA writable_schema is not for scripts."),
        ("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode can be asked but not set"),
        ("PRAGMA public.journal_mode = MEMORY", "PRAGMA journal_mode can be asked but not set"),
        ("PRAGMA synchronous(OFF)", "PRAGMA synchronous can be asked but not set"),
        ("PRAGMA busy_timeout = 1", "PRAGMA busy_timeout can be asked but not set"),
        ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA locking_mode can be asked but not set"),
        ("PRAGMA temp_store_directory = '/'", "PRAGMA temp_store_directory is not for scripts."),
        ("PRAGMA soft_heap_limit = 1", "PRAGMA soft_heap_limit is not for scripts."),
        ("PRAGMA trusted_schema = ON", "PRAGMA trusted_schema can be asked but not set"),
        ("PRAGMA schema_version = 1", "PRAGMA schema_version can be asked but not set"),
        ("PRAGMA nonsense", "PRAGMA nonsense is not for scripts."),
    ])
    func isRefused(_ sql: String, _ message: String) async throws {
        let house = try SQLiteHouse()
        let failure = try await house.mustFail("CREATE TABLE t(a);\n \(sql)")
        #expect(failure.code == "sql.refused")
        #expect(failure.message.hasPrefix(message))
        #expect(failure.line == 2)
        #expect(failure.step == 1)
    }

    @Test func theSchemaTableCannotBeWritten() async throws {
        let failure = try await SQLiteHouse().mustFail("DELETE FROM sqlite_schema")
        #expect(failure.message == "table sqlite_master may not be modified")
    }

    @Test func harmlessPragmasAndVacuumWork() async throws {
        let ran = try await SQLiteHouse().run(
            """
            CREATE TABLE t(a); PRAGMA table_info(t); PRAGMA user_version = 7; PRAGMA user_version; PRAGMA integrity_check;
            PRAGMA foreign_key_check; PRAGMA page_size; VACUUM; VACUUM public; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);
            SELECT name FROM pragma_table_info('t');
            """)
        #expect(ran.outcome == .succeeded(value: ["name": "a"]))
        #expect(ran.context.previews.map(\.rows).contains([[7]]))
    }

    @Test func foreignKeysAreEnforced() async throws {
        let failure = try await SQLiteHouse().mustFail(
            "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p); INSERT INTO c VALUES (1)")
        #expect(failure.message == "FOREIGN KEY constraint failed")
    }
}
