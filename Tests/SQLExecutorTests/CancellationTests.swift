import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Cancelling")
struct CancellationTests {
    private static let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"

    /// Runs a script and cancels it as soon as step `step` has started.
    private func cancelled(_ sql: String, at step: Int, on house: SQLiteHouse) async throws -> RecordingContext {
        let started = AsyncStream<Void>.makeStream()
        let context = RecordingContext(house.connection) { event in
            if case .started(let start) = event, start.index == step { started.continuation.yield() }
        }
        let attempt = house.attempt(sql)
        let task = Task { try await house.executor.execute(attempt, in: context) }
        for await _ in started.stream { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        return context
    }

    @Test func aRunningStatementIsInterrupted() async throws {
        let house = try SQLiteHouse()
        let context = try await cancelled(
            "CREATE TABLE t(a); INSERT INTO t VALUES (1); \(Self.endless)", at: 2, on: house)
        #expect(context.ends.count == 3)
        #expect(context.ends[2].failure?.code == "sql.cancelled")
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 1])
    }

    @Test func theOpenTransactionIsRolledBack() async throws {
        let house = try SQLiteHouse()
        _ = try await cancelled(
            "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1); \(Self.endless); COMMIT", at: 3, on: house)
        #expect(try await house.must("SELECT count(*) AS n FROM t; INSERT INTO t VALUES (2)") == ["n": 0])
    }

    @Test func aWaitForALockIsInterrupted() async throws {
        let house = try SQLiteHouse(["busyTimeout": "3600"])
        let holder = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        _ = try await holder.execute("CREATE TABLE t(a)", [])
        _ = try await holder.execute("BEGIN IMMEDIATE", [])
        let context = try await cancelled("INSERT INTO t VALUES (1)", at: 0, on: house)
        #expect(context.ends.first?.failure != nil)
        await holder.close()
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
    }

    @Test func rowsThatStreamAreInterrupted() async throws {
        let house = try SQLiteHouse()
        let context = try await cancelled(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", at: 0, on: house)
        #expect(context.ends.first?.failure?.code == "sql.cancelled")
    }

    @Test func nothingStartsInACancelledTask() async throws {
        let house = try SQLiteHouse()
        let context = RecordingContext(house.connection)
        let attempt = house.attempt("CREATE TABLE t(a)")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await house.executor.execute(attempt, in: context)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(context.starts.isEmpty)
    }

    @Test func aSessionForOthersIsInterruptedToo() async throws {
        let house = try SQLiteHouse()
        let session = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        let task = Task { try await session.execute(Self.endless, []) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await session.close()
    }

    @Test func aLockThatIsNotGivenUpIsAnErrorAfterTheTimeout() async throws {
        let house = try SQLiteHouse(["busyTimeout": "0.05"])
        let holder = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        _ = try await holder.execute("CREATE TABLE t(a)", [])
        _ = try await holder.execute("BEGIN IMMEDIATE", [])
        let failure = try await house.mustFail("INSERT INTO t VALUES (1)")
        #expect(failure.code == "sql.busy")
        #expect(failure.message.hasPrefix("database is locked: another session kept its lock"))
        await holder.close()
    }
}
