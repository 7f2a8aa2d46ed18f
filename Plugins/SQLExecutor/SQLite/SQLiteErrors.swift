import CSQLite
import SluiceCore

/// SQLite's result codes in our words.
enum SQLiteErrors {
    /// The stable code of an extended result code.
    static func code(_ status: Int32) -> String {
        switch status & 0xFF {
        case SQLITE_INTERRUPT: "sql.cancelled"
        case SQLITE_BUSY, SQLITE_LOCKED: "sql.busy"
        case SQLITE_CONSTRAINT: "sql.constraint"
        case SQLITE_FULL: "sql.disk-full"
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_PERM: "sql.storage"
        case SQLITE_NOMEM: "sql.out-of-memory"
        case SQLITE_AUTH: "sql.refused"
        default: "sql.error"
        }
    }

    /// Who can mend it.
    static func category(_ status: Int32) -> ErrorCategory {
        switch code(status) {
        case "sql.storage", "sql.disk-full", "sql.out-of-memory": .fault
        case "sql.busy": .conflict
        default: .badInput
        }
    }

    /// `SQLITE_BUSY_SNAPSHOT`, a macro that Swift cannot import.
    private static let busySnapshot = SQLITE_BUSY | (2 << 8)

    static func message(_ status: Int32, _ pointer: OpaquePointer, _ cancellation: SQLCancellation) -> String {
        let words = String(cString: sqlite3_errmsg(pointer))
        switch status & 0xFF {
        case SQLITE_INTERRUPT: return "Stopped; what the statement had done is undone."
        case SQLITE_BUSY where cancellation.isCancelled: return "Stopped while waiting for another session's lock."
        case SQLITE_BUSY where status == busySnapshot:
            return
                "\(words): another session has written since this transaction began to read. Begin it with BEGIN IMMEDIATE."
        case SQLITE_BUSY:
            return
                "\(words): another session kept its lock for longer than the connection's busyTimeout. Run it again later."
        default: return words
        }
    }
}
