import Foundation
import GRDB
import Glibc
import SluiceCore
import Synchronization

/// The durable store of one data folder: a SQLite database, and files beside it for journals and artifacts.
///
/// Several handles may be open on a folder, in one process or in many. A commit is on the disk when its call returns.
public final class SQLiteStore: Sendable {
    /// How long a call waits for another handle's transaction, in seconds.
    static let busyTimeout: TimeInterval = 10
    /// Runs that a handle remembers; a few more than an engine moves at a time.
    static let cachedRuns = 64

    let folder: DataFolder
    let clock: any WallClock
    let pool: DatabasePool
    let cache = RunCache(limit: SQLiteStore.cachedRuns)
    let snapshots = Mutex<CatalogueSnapshot?>(nil)
    let signalling: Signals
    let journals: FileJournals
    let files: FileArtifacts

    /// Opens the store of `folder`, and makes it when it is not there.
    ///
    /// - Throws: ``StoreError`` `folder.newer-version`, `folder.read-only`, `folder.damaged`, `disk.full`.
    public init(folder: DataFolder, clock: any WallClock = SystemClock()) throws(StoreError) {
        self.folder = folder
        self.clock = clock
        let path = folder.database.path(percentEncoded: false)
        pool = try SQLiteFailure.opening(folder.path) { try Self.open(path, folder: folder) }
        signalling = Signals.shared(at: path)
        journals = FileJournals(root: folder.journals)
        files = FileArtifacts(root: folder.artifacts)
    }

    /// Ends the handle: what was said to journals reaches the disk, streams of signals end.
    public func close() throws {
        signalling.finish(self)
        try journals.close()
        try SQLiteFailure.mapped(folder.path) { try pool.close() }
    }

    deinit { signalling.finish(self) }

    private static func open(_ path: String, folder: DataFolder) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.label = "sluice"
        // Reads are short: a few connections serve many readers.
        configuration.maximumReaderCount = 4

        var isCurrent = try isMigrated(path, folder: folder)
        // Of several processes that find a new folder one makes the tables; the others wait and find them.
        let turn = isCurrent ? nil : try MigrationTurn(in: folder)
        if turn != nil { isCurrent = try isMigrated(path, folder: folder) }
        defer { turn?.end() }
        try claim(path, folder: folder)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL on opening, which may lose the last commits when the machine dies.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let mode = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            guard mode == 2 else { throw StoreError.damaged("synchronous is \(mode ?? -1) instead of FULL") }
        }
        if !isCurrent { try Migrations.all.migrate(pool) }
        return pool
    }

    /// Makes the file for its owner alone: SQLite itself would let everybody read it.
    ///
    /// Without opening it: to close a file takes away the locks that this process's other handles hold on it.
    private static func claim(_ path: String, folder: DataFolder) throws {
        guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
            throw DataFolder.failure(folder.path, errno)
        }
    }

    /// Whether the database has every migration. Read before anything is opened for writing, so that a database of a
    /// newer version stays as it is to the byte.
    private static func isMigrated(_ path: String, folder: DataFolder) throws -> Bool {
        guard FileManager.default.fileExists(atPath: path) else { return false }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(busyTimeout)
        let reader = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? reader.close() }
        return try reader.read { db in
            guard try db.tableExists("grdb_migrations") else { return false }
            let applied = Set(try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations"))
            let known = Migrations.identifiers
            guard applied.isSubset(of: known) else {
                throw StoreError.newerVersion(folder.path, found: applied.count, known: known.count)
            }
            return applied.count == known.count
        }
    }

    /// One transaction over the run tables.
    func write<Result>(_ body: (inout SQLiteRunTable) throws -> Result) throws -> Result {
        let (result, table) = try SQLiteFailure.mapped(folder.path) {
            try pool.writeWithoutTransaction { db in
                var table = SQLiteRunTable(db: db, now: clock.now, cache: cache)
                var result: Result?
                try db.inTransaction(.immediate) {
                    result = try body(&table)
                    return .commit
                }
                return (result!, table)
            }
        }
        for entry in table.current.values { cache.store(entry) }
        if table.hasWritten { signalling.fire() }
        return result
    }

    /// One transaction over the other tables.
    func writeTables<Result>(_ body: (Database) throws -> Result) throws -> Result {
        let result = try SQLiteFailure.mapped(folder.path) {
            try pool.writeWithoutTransaction { db in
                var result: Result?
                try db.inTransaction(.immediate) {
                    result = try body(db)
                    return .commit
                }
                return result!
            }
        }
        signalling.fire()
        return result
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try SQLiteFailure.mapped(folder.path) { try pool.read(body) }
    }
}
