import CSQLite
import Foundation
import SluiceCore

/// An open SQLite connection whose main database is one schema's file, under the schema's own name.
///
/// Used by one thread at a time.
final class SQLiteHandle {
    let pointer: OpaquePointer
    let database: String
    let schema: String
    /// SQLite keeps this pointer as the main database's name; it lives until after the close.
    private let name: UnsafeMutablePointer<CChar>
    private let cancellation: SQLCancellation
    private let busyTimeout: Int
    /// When the wait for a lock that is going on began, in nanoseconds of the monotonic clock.
    private var waitStarted: UInt64 = 0

    /// Opens a schema as the current one, ready for a script.
    convenience init(
        _ settings: SQLiteSettings, database: String, schema: String, cancellation: SQLCancellation
    ) throws(SQLError) {
        let path = SQLiteRoot(folder: settings.root).path(database, schema)
        try self.init(settings, at: path, database: database, schema: schema, cancellation: cancellation)
        sluice_sqlite3_rename_main(pointer, name)
        sluice_sqlite3_db_config(pointer, SQLITE_DBCONFIG_DEFENSIVE, 1)
        sluice_sqlite3_db_config(pointer, SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        sluice_sqlite3_db_config(pointer, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)
        do throws(SQLError) {
            try configure(schema, settings.synchronous)
        } catch {
            close()
            var error = error
            if error.code == "sql.storage" { error.message = "The file \(path) cannot be used: \(error.message)." }
            throw error
        }
    }

    /// Opens a file as it is.
    init(
        _ settings: SQLiteSettings, at path: String, database: String = "", schema: String = "main",
        cancellation: SQLCancellation
    ) throws(SQLError) {
        var opened: OpaquePointer?
        let status = sqlite3_open_v2(
            path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nil)
        guard status == SQLITE_OK, let opened else {
            let reason = String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(opened)
            throw SQLError(code: "sql.storage", category: .fault, "The file \(path) cannot be opened: \(reason).")
        }
        pointer = opened
        name = strdup(schema)
        self.database = database
        self.schema = schema
        self.cancellation = cancellation
        busyTimeout = settings.busyTimeout
        sqlite3_extended_result_codes(opened, 1)
        installCancellation()
    }

    /// Sets what every file of the connection needs of its own.
    func configure(_ schema: String, _ synchronous: SQLiteSettings.Synchronous) throws(SQLError) {
        let quoted = SQLiteHandle.quote(schema)
        // A file that was put there by hand may be in another mode.
        if try text("PRAGMA \(quoted).journal_mode") != "wal" {
            guard try text("PRAGMA \(quoted).journal_mode = WAL") == "wal" else {
                throw SQLError(
                    code: "sql.storage", category: .fault,
                    "Schema '\(schema)' cannot use a write-ahead log; its folder must lie on a local disk.")
            }
        }
        if synchronous != .full { _ = try text("PRAGMA \(quoted).synchronous = \(synchronous.rawValue)") }
    }

    /// Rolls back what is open and closes. Safe to call twice.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        // Statements are finalized where they are prepared, so this always closes.
        sqlite3_close_v2(pointer)
        free(name)
    }
    private var isClosed = false

    deinit { close() }

    // MARK: - Cancelling and waiting

    private func installCancellation() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        // An interrupt that comes between two statements is forgotten by SQLite; this one looks again while it runs.
        sqlite3_progress_handler(
            pointer, 10_000,
            { context in
                Unmanaged<SQLiteHandle>.fromOpaque(context!).takeUnretainedValue().cancellation.isCancelled ? 1 : 0
            }, context)
        sqlite3_busy_handler(
            pointer,
            { context, count in
                Unmanaged<SQLiteHandle>.fromOpaque(context!).takeUnretainedValue().waitForLock(count) ? 1 : 0
            }, context)
    }

    /// Waits a little for another session's lock.
    ///
    /// - Returns: whether to try again.
    private func waitForLock(_ count: Int32) -> Bool {
        let now = DispatchTime.now().uptimeNanoseconds
        if count == 0 { waitStarted = now }
        let left = busyTimeout - Int((now &- waitStarted) / 1_000_000)
        guard left > 0 else { return false }
        let pause = min(1 << min(Int(count), 6), 50, left)
        return cancellation.sleep(milliseconds: pause)
    }

    // MARK: - The connection's own statements

    /// Runs a statement of ours and answers the first value of its first row.
    func text(_ sql: String, _ parameters: [String] = []) throws(SQLError) -> String? {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(pointer, sql, -1, &statement, nil) == SQLITE_OK else { throw error() }
        for (index, parameter) in parameters.enumerated() {
            sluice_sqlite3_bind_text(statement, Int32(index + 1), parameter, Int32(parameter.utf8.count))
        }
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return sqlite3_column_text(statement, 0).map { String(cString: $0) }
        case SQLITE_DONE: return nil
        default: throw error()
        }
    }

    /// What SQLite says of the last call.
    func error() -> SQLError {
        let status = sqlite3_extended_errcode(pointer)
        // A wait that is broken off ends as busy.
        let isCancelled = status & 0xFF == SQLITE_BUSY && cancellation.isCancelled
        var error = SQLError(
            code: isCancelled ? "sql.cancelled" : SQLiteErrors.code(status), category: SQLiteErrors.category(status),
            SQLiteErrors.message(status, pointer, cancellation))
        let offset = sqlite3_error_offset(pointer)
        if offset >= 0 { error.statementOffset = Int(offset) }
        return error
    }

    /// The name in double quotes. Bytes are doubled, not characters: to Swift a quote with a combining accent behind it is
    /// another character than a quote.
    static func quote(_ name: String) -> String {
        let quote = UInt8(ascii: "\"")
        let inner = name.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return String(decoding: [quote] + inner + [quote], as: UTF8.self)
    }
}
