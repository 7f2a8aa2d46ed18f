import Foundation
import GRDB
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceStore

@Suite("The SQLite store")
struct SQLiteStoreTests {
    private let temporary: TemporaryFolder
    private let folder: DataFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = try DataFolder(at: temporary.url)
    }

    private func refusal() throws -> StoreError {
        try #require(throws: StoreError.self) { try SQLiteStore(folder: folder) }
    }

    @Test("writes through to the disk at every commit, with foreign keys on")
    func pragmas() throws {
        let store = try SQLiteStore(folder: folder)
        for (pragma, value) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
            let found = try store.pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(pragma)") }
            #expect(found == value, "\(pragma)")
        }
    }

    @Test("keeps everything when it is closed and opened again")
    func reopening() throws {
        let first = try SQLiteStore(folder: folder)
        let submitted = try first.submit(Samples.newRun(tasks: 3)).state
        let leased = try first.advance(Samples.lease).leased[0]
        let job = try first.save(submitted.run.definition, as: .saved, owner: "dana", replacing: false)
        let pinned = try first.pinSnapshot()
        let state = try first.run(submitted.run.id)
        let events = try first.events(after: 0, run: nil, limit: 100)
        try first.close()

        let second = try SQLiteStore(folder: folder)
        #expect(try second.run(submitted.run.id) == state)
        #expect(try second.events(after: 0, run: nil, limit: 100) == events)
        #expect(try second.jobs(nil) == [job])
        #expect(try second.snapshot(pinned.id) == pinned)
        let ended = AdvanceOrder(
            ended: [.init(lease: leased.lease, ending: .outcome(.succeeded(value: nil)))], lease: Samples.lease.lease)
        let next = try second.advance(ended)
        #expect(next.stale.isEmpty)
        #expect(next.leased.first.map { $0.lease.token > leased.lease.token } == true)
        #expect(try second.submit(Samples.newRun(tasks: 1)).state.run.id > submitted.run.id)
    }

    @Test("says so when it is used after it was closed")
    func closed() throws {
        let store = try SQLiteStore(folder: folder)
        let journal = try store.openJournal(of: AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1))
        try store.close()
        for body in [
            { _ = try store.pools() }, { _ = try store.submit(Samples.newRun(tasks: 1)) },
            { _ = try store.openJournal(of: AttemptID(task: TaskRunID(run: RunID(1), index: 1), number: 1)) },
        ] as [() throws -> Void] {
            let error = try #require(throws: StoreError.self) { try body() }
            #expect(error.code == "store.closed")
        }
        try journal.close()
    }

    @Test("ends its watchers' streams when it is closed", .timeLimit(.minutes(1)))
    func closingEndsSignals() async throws {
        let (store, other) = (try SQLiteStore(folder: folder), try SQLiteStore(folder: folder))
        let (ours, theirs) = (store.signals(), other.signals())
        try store.close()
        for await _ in ours {}
        _ = try other.submit(Samples.newRun(tasks: 1))
        for await _ in theirs { break }
    }

    @Test("of a newer version is refused and left as it is, to the byte")
    func newerVersion() throws {
        do {
            let store = try SQLiteStore(folder: folder)
            _ = try store.submit(Samples.newRun(tasks: 1))
            try store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 from the future')") }
            try store.close()
        }
        let before = try Data(contentsOf: folder.database)
        let error = try refusal()
        #expect(error.code == "folder.newer-version")
        #expect(error.category == .conflict)
        let known = Migrations.identifiers.count
        #expect(error.message.contains("format \(known + 1)"))
        #expect(error.message.contains("up to \(known)"))
        #expect(error.message.contains(temporary.url.lastPathComponent))
        #expect(try Data(contentsOf: folder.database) == before)
    }

    @Test("that is no database is named as damaged")
    func damaged() throws {
        try Data(String(repeating: "not a database ", count: 1_000).utf8).write(to: folder.database)
        let error = try refusal()
        #expect(error.code == "folder.damaged")
        #expect(error.message.contains("backup"))
    }

    @Test("opened at once by many makes its tables once")
    func openingRace() async throws {
        let folder = folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let store = try SQLiteStore(folder: folder)
                    _ = try store.submit(Samples.newRun(tasks: 1))
                }
            }
            try await group.waitForAll()
        }
        let store = try SQLiteStore(folder: folder)
        #expect(try store.runs(RunQuery()).count == 6)
        #expect(try store.pools().count == 1)
    }

    @Test("reads only the head of a run that it has seen already, until another handle moves it")
    func cache() throws {
        let (one, other) = (try SQLiteStore(folder: folder), try SQLiteStore(folder: folder))
        let run = try one.submit(Samples.newRun(tasks: 5)).state.run.id
        // Behind the store's back: whoever reads the row would see it.
        try other.pool.write { try $0.execute(sql: "UPDATE task_runs SET reason = 'read' WHERE position = 4") }
        #expect(try one.run(run)?.tasks[4].reason == nil)
        let leased = try one.advance(Samples.lease).leased
        #expect(leased.count == 1)
        #expect(try one.run(run)?.tasks[4].reason == nil)
        _ = try other.advance(AdvanceOrder(begun: leased.map(\.lease)))
        #expect(try one.run(run)?.tasks[4].reason == "read")
        #expect(try one.run(run)?.tasks[0].lease?.begun == true)
    }

    @Test("undoes a transaction that fails, in its memory too")
    func rollback() throws {
        let store = try SQLiteStore(folder: folder)
        let run = try store.submit(Samples.newRun(tasks: 2)).state
        struct Broken: Error {}
        #expect(throws: Broken.self) {
            try store.write { table -> Void in
                _ = try table.stop(run.run.id, by: "dana")
                throw Broken()
            }
        }
        #expect(try store.run(run.run.id) == run)
        #expect(try store.advance(Samples.lease).leased.count == 1)
    }

    @Test("keeps every version of a job")
    func jobHistory() throws {
        let store = try SQLiteStore(folder: folder)
        var definition = Samples.newRun(tasks: 1).definition
        for number in 1...3 {
            definition.description = "version \(number)"
            _ = try store.save(definition, as: .saved, owner: "dana", replacing: true)
        }
        let kept = try store.pool.read {
            try String.fetchAll($0, sql: "SELECT definition FROM job_versions ORDER BY version")
        }
        let descriptions = try kept.map { try JSONColumn.decode(JobDefinition.self, from: $0).description }
        #expect(descriptions == ["version 1", "version 2", "version 3"])
    }

    @Test("pins a list that has not changed without writing")
    func pinning() throws {
        let (one, other) = (try SQLiteStore(folder: folder), try SQLiteStore(folder: folder))
        let pinned = try one.pinSnapshot()
        let changes = one.pool.writeWithoutTransaction { $0.totalChangesCount }
        #expect(try one.pinSnapshot() == pinned)
        #expect(try other.pinSnapshot() == pinned)
        #expect(one.pool.writeWithoutTransaction { $0.totalChangesCount } == changes)
    }

    /// Every migration, and the tables as they stand behind it.
    static let shipped = [
        ("1 runs, jobs, catalogue", "38db185151ab"),
        ("2 graphs, limits, queues", "2ae4e1baba8a"),
        ("3 schedules", "928ee8a4bcab"),
    ]

    @Test("has the tables that were shipped")
    func shippedMigrations() throws {
        // A migration that has shipped never changes: whoever has run it would be left behind. Add another instead.
        #expect(Migrations.identifiers == Self.shipped.map(\.0))
        for (identifier, hash) in Self.shipped {
            let queue = try DatabaseQueue()
            try Migrations.all.migrate(queue, upTo: identifier)
            let schema = try queue.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            }
            #expect(ContentHash(of: Data(schema.joined(separator: ";\n").utf8)).short == hash, "\(identifier)")
        }
    }

    @Test("of the first version goes on with its runs, jobs and pools in the newest one")
    func migrated() throws {
        let path = folder.database.path(percentEncoded: false)
        do {
            let queue = try DatabaseQueue(path: path)
            try Migrations.all.migrate(queue, upTo: Self.shipped[0].0)
            try queue.write { try $0.execute(sql: Self.firstVersion) }
            try queue.close()
        }
        let store = try SQLiteStore(folder: folder)
        #expect(try store.pools().map(\.name) == ["default", "etl"])
        let job = try #require(try store.job(JobID(1)))
        #expect(job.definition.name == "nightly")
        #expect(job.definition.parameters == ["day": "monday", "deep": JobParameter(default: ["a": 1])])
        let state = try #require(try store.run(RunID(1)))
        #expect(state.tasks.map(\.state) == [.succeeded, .pending])
        let order = AdvanceOrder(
            lease: LeaseOrder(worker: "w", kinds: [.sql], limit: 9, duration: .seconds(15)))
        let leased = try #require(try store.advance(order).leased.first)
        #expect(leased.task.name == "b")
        let ended = AdvanceOrder(ended: [.init(lease: leased.lease, ending: .outcome(.succeeded(value: nil)))])
        _ = try store.advance(ended)
        #expect(try store.run(RunID(1))?.run.status == .succeeded)
        try store.close()
    }

    /// Rows as the first version wrote them: a job, and a run of it whose second task waits.
    private static let firstVersion = """
        INSERT INTO pools VALUES ('etl', 3, 0);
        UPDATE counters SET value = 1 WHERE name IN ('run', 'job');
        INSERT INTO jobs VALUES (1, 1, 'saved', 'nightly', 'dana', 0, 0);
        INSERT INTO job_versions VALUES (1, 1,
            '{"name":"nightly","description":"","parameters":{"day":"monday","deep":{"a":1}},"tasks":[
                {"name":"a","description":"","script":"a.sql","parameters":{}},
                {"name":"b","description":"","script":"b.sql","parameters":{}}]}', 0);
        INSERT INTO runs VALUES (1, 1, NULL, 1, 1, 'nightly', 'manual', 'dana', 0, '\(emptyHash)', 'running', NULL, NULL, 0, 0,
            NULL, '{"name":"nightly","description":"","parameters":{},"tasks":[
                {"name":"a","description":"","script":"a.sql","parameters":{}},
                {"name":"b","description":"","script":"b.sql","parameters":{}}]}', '{}');
        INSERT INTO task_runs VALUES
            (1, 0, 0, NULL, 'a', 'sql', 'succeeded', NULL, 1, 'default', 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, NULL,
                '\(pinned("a", "[]"))'),
            (1, 1, 1, NULL, 'b', 'sql', 'pending', 'waits for pool default', 0, 'default', 0, 0, NULL, NULL, NULL, NULL,
                NULL, 0, NULL, NULL, '\(pinned("b", "[0]"))');
        """

    private static let emptyHash = ContentHash(of: Data()).hex

    private static func pinned(_ name: String, _ upstream: String) -> String {
        """
        {"script":{"name":"\(name).sql","kind":"sql","hash":"\(emptyHash)","size":0},"connection":{"name":"local",\
        "kind":"sqlite","dialect":"sqlite","overrides":{},"settings":{}},"target":{"database":"master","schema":"public",\
        "pool":"default"},"stepCount":0,"warnings":[],"parameters":{},"upstream":\(upstream)}
        """
    }
}
