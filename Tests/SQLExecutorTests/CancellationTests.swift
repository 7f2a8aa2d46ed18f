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

    @Test(arguments: [
        "INSERT INTO t VALUES (1)", "BEGIN IMMEDIATE", "CREATE TABLE u(a)", "PRAGMA user_version = 1", "VACUUM",
        "SELECT 1; INSERT INTO t SELECT 1 FROM t RETURNING a", "USE SCHEMA other; INSERT INTO public.t VALUES (1)",
    ])
    func aWaitForALockIsInterrupted(_ sql: String) async throws {
        let house = try SQLiteHouse(["busyTimeout": "3600"], schemas: ["other"])
        let holder = try await house.executor.openSession(on: house.connection, in: SessionDefaults())
        _ = try await holder.execute("CREATE TABLE t(a)", [])
        _ = try await holder.execute("BEGIN IMMEDIATE", [])
        let last = try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite).statements.count - 1
        let context = try await cancelled(sql, at: last, on: house)
        #expect(context.ends.last?.index == last)
        #expect(context.ends.last?.failure?.code == "sql.cancelled")
        await holder.close()
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 0])
    }

    @Test func aWaitWhileTheSessionOpensIsInterrupted() async throws {
        let house = try SQLiteHouse(["busyTimeout": "3600"])
        let path = SQLiteRoot(folder: house.root).path("master", "public")
        // Held in the old journal mode, the file cannot even be looked at.
        let holder = try SQLiteHandle(house.settings, at: path, cancellation: SQLCancellation())
        _ = try holder.text("PRAGMA journal_mode = DELETE")
        _ = try holder.text("BEGIN EXCLUSIVE")
        let asked = AsyncStream<Void>.makeStream()
        let context = RecordingContext(house.connection, whenAsked: { asked.continuation.yield() })
        let attempt = house.attempt("SELECT 1")
        let task = Task { try await house.executor.execute(attempt, in: context) }
        for await _ in asked.stream { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(context.events.isEmpty)
        holder.close()
    }

    @Test func betweenStatementsNothingMoreIsSent() async throws {
        let house = try SQLiteHouse()
        let context = RecordingContext(house.connection) { event in
            if case .ended(let end) = event, end.index == 1 { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let attempt = house.attempt("CREATE TABLE t(a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT 1")
        let task = Task { try await house.executor.execute(attempt, in: context) }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(context.starts.map(\.index) == [0, 1])
        #expect(context.ends.allSatisfy { $0.failure == nil })
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 1])
    }

    @Test func aStatementThatIsRecordedAndNotYetSentIsNotSent() async throws {
        let house = try SQLiteHouse()
        let context = RecordingContext(house.connection) { event in
            if case .started(let start) = event, start.index == 2 { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let attempt = house.attempt("CREATE TABLE t(a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT 1")
        let task = Task { try await house.executor.execute(attempt, in: context) }
        await #expect(throws: CancellationError.self) { try await task.value }
        // Two completed; the third is known to have had no effect.
        #expect(context.ends.map { $0.failure?.code } == [nil, nil, "sql.cancelled"])
        #expect(try await house.must("SELECT count(*) AS n FROM t") == ["n": 1])
    }

    @Test func nothingIsSentAfterAWaitForAPool() async throws {
        let house = try SQLiteHouse()
        let context = RecordingContext(house.connection) { event in
            if case .entered = event { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let attempt = house.attempt("CREATE TABLE t(a); USE POOL other; INSERT INTO t VALUES (1)")
        let task = Task { try await house.executor.execute(attempt, in: context) }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(context.starts.map(\.index) == [0])
    }

    @Test func whatIsSaidToBeUndoneIsUndone() throws {
        let house = try SQLiteHouse()
        let sql =
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n RETURNING a"
        let script = try SQLScript(
            parsing: Array("CREATE TABLE t(a); \(sql); SELECT count(*) FROM t; DELETE FROM t".utf8), dialect: .sqlite)
        let observer = try SQLiteConnector().openSession(
            on: house.connection, in: SessionDefaults(), cancellation: SQLCancellation())
        defer { observer.close() }
        _ = try observer.run(0, of: script)
        for round in 0..<60 {
            let cancellation = SQLCancellation()
            let session = try SQLiteConnector().openSession(
                on: house.connection, in: SessionDefaults(), cancellation: cancellation)
            // At another moment each time: while the rows are made, while they are answered, afterwards.
            let thread = Thread {
                var spent = 0
                for step in 0..<(round * 4_000) { spent = spent &* 31 &+ step }
                if spent != 1 { cancellation.cancel() }
            }
            thread.start()
            var undone = false
            do {
                _ = try session.run(1, of: script)
            } catch {
                #expect(error.code == "sql.cancelled")
                undone = true
            }
            #expect(try observer.run(2, of: script).firstRow == [undone ? 0 : 3_000])
            _ = try observer.run(3, of: script)
            session.close()
        }
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
