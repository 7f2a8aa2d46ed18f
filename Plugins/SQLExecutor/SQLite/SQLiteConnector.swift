import CSQLite
import SluiceCore

/// The embedded engine: a database is a folder, a schema a SQLite file in it.
///
/// The connection's settings: `root`, the folder that holds the databases (`<root>/<database>/<schema>.db`; `master` and
/// its `public` are made when missing); `synchronous` (`off`, `normal`, `full`, `extra`; `full` by default); `busyTimeout`,
/// how many seconds a statement waits for another session's lock (10 by default).
///
/// Unqualified names resolve in the current schema and nowhere else; `schema.table` reaches the others of the database, at
/// most ten in one statement or transaction. Journals are write-ahead, foreign keys are enforced.
///
/// **A commit is atomic in each schema's file.** One that changed several schemas is atomic as long as the process and the
/// machine live; a power failure in the middle of it may leave some of the files changed and others not (SQLite's
/// documentation, *ATTACH DATABASE*: no super-journal in WAL mode). Keep what must change together in one schema.
public struct SQLiteConnector: SQLConnector {
    public init() {}

    /// Spares every session of this process the locks that SQLite takes to count its memory.
    ///
    /// For a program's first lines: once anything in the process has used SQLite it does nothing. Without it everything
    /// works as well, a little slower.
    public static func spareMemoryStatistics() { _ = sluice_sqlite3_without_memory_statistics() }

    public var kind: String { "sqlite" }
    public var dialect: SQLDialect { .sqlite }

    public func openSession(
        on connection: Connection, in target: SessionDefaults, cancellation: SQLCancellation
    ) throws(SQLError) -> any SQLSession {
        let settings = try SQLiteSettings(connection.info)
        try SQLiteRoot(folder: settings.root).prepare()
        return try SQLiteSession(
            settings, database: target.database, schema: target.schema, cancellation: cancellation)
    }
}
