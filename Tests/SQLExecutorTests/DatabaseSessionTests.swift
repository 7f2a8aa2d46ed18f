import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A session for other executors")
struct DatabaseSessionTests {
    @Test func bindsParametersAndAnswersRows() async throws {
        let house = try SQLiteHouse()
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        _ = try await session.execute("CREATE TABLE t(a, b, c, d, e, f)", [])
        let inserted = try await session.execute(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", [nil, true, -7, 2.5, "it's; é\0x", ["k": [1, "two"]]])
        #expect(inserted.changed == 1)
        #expect(inserted.columns.isEmpty)
        let rows = try await session.execute("SELECT * FROM t WHERE c = ?1 OR e = ''", [-7])
        #expect(rows.columns == ["a", "b", "c", "d", "e", "f"])
        #expect(rows.rows == [[nil, 1, -7, 2.5, "it's; é\0x", #"{"k":[1,"two"]}"#]])
        #expect(try await session.execute("SELECT length(?), ? IS NULL", ["", ""]).rows == [[0, 0]])
        #expect(try await session.execute("", []) == ResultRows())
        await session.close()
        await session.close()
        let error = await #expect(throws: SQLError.self) { try await session.execute("SELECT 1", []) }
        #expect(error?.code == "sql.session-closed")
    }

    @Test func resolvesNamesLikeAScript() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults(schema: "a"))
        #expect(try await session.execute("SELECT x FROM public.t", []).rows == [[1]])
        let error = await #expect(throws: SQLError.self) { try await session.execute("DELETE FROM t", []) }
        #expect(error?.message.hasPrefix("no such table: t in schema a") == true)
        _ = try await session.execute("USE SCHEMA public", [])
        #expect(try await session.execute("SELECT x FROM t;", []).rows == [[1]])
        _ = try await session.execute("CREATE SCHEMA b", [])
        _ = try await session.execute("CREATE TABLE b.t(y)", [])
        await session.close()
    }

    @Test func keepsATransactionOpenUntilItEndsOrCloses() async throws {
        let house = try SQLiteHouse()
        try await house.must("CREATE TABLE t(x)")
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        for sql in ["BEGIN", "INSERT INTO t VALUES (1)", "COMMIT", "BEGIN", "INSERT INTO t VALUES (2)"] {
            _ = try await session.execute(sql, [])
        }
        await session.close()
        #expect(try await house.must("SELECT group_concat(x) AS x FROM t") == ["x": "1"])
    }

    @Test(arguments: [
        ("SELECT 1; SELECT 2", "sql.several-statements"), ("SELECT ?, ?", "sql.parameters"),
        ("SELECT 'x", "sql.unterminated-string"),
        ("SELEC 1", "sql.error"), ("ATTACH 'x' AS y", "sql.refused"), ("@@ a", "sql.blue-scripting"),
        ("USE x", "sql.use-malformed"),
    ])
    func refusesWhatAScriptWouldRefuse(_ sql: String, _ code: String) async throws {
        let house = try SQLiteHouse()
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        let error = await #expect(throws: SQLError.self) { try await session.execute(sql, [1]) }
        #expect(error?.code == code)
        #expect(try await session.execute("SELECT 1", []).rows == [[1]])
        await session.close()
    }

    @Test func manySessionsWorkAtOnce() async throws {
        let house = try SQLiteHouse()
        try await house.must("CREATE TABLE t(x)")
        // On a busy disk the last of so many writers may wait for long; that none is lost is what is examined.
        var connection = house.connection
        connection.info.settings["busyTimeout"] = "300"
        try await withThrowingTaskGroup(of: Void.self) { [connection] group in
            for number in 0..<24 {
                group.addTask {
                    let session = try await house.executor.openSession(on: connection, in: SessionDefaults())
                    for _ in 0..<5 {
                        _ = try await session.execute("INSERT INTO t VALUES (?)", [.integer(Int64(number))])
                    }
                    await session.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 120])
    }
}
