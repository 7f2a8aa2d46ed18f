import GRDB
import SluiceCore

/// Puts SQLite's errors into the person's words.
enum SQLiteFailure {
    /// Runs `body`; whatever fails comes out as a ``StoreError`` or as another module's own error.
    static func mapped<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw storeError(error, path)
        }
    }

    /// The same for opening, where nothing but a ``StoreError`` may come out.
    static func opening<Result>(_ path: String, _ body: () throws -> Result) throws(StoreError) -> Result {
        do {
            return try body()
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            throw storeError(error, path)
        } catch {
            throw StoreError("folder.unusable", .fault, "The data folder \(path) cannot be used.", cause: error)
        }
    }

    private static func storeError(_ error: DatabaseError, _ path: String) -> StoreError {
        switch error.resultCode {
        case .SQLITE_FULL: .diskFull(path, cause: error)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: .readOnly(path, cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged("SQLite cannot read it", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            StoreError(
                "store.busy", .conflict,
                "Another process has been writing to the data folder \(path) for more than "
                    + "\(Int(SQLiteStore.busyTimeout)) seconds. Wait until it has ended, then do it again.",
                cause: error)
        case .SQLITE_IOERR:
            StoreError(
                "store.io", .fault,
                "Reading or writing the data folder \(path) failed. Look at the disk's health and free space.",
                cause: error)
        case .SQLITE_MISUSE: .closed()
        default:
            StoreError("store.fault", .fault, "The database in \(path) refused an operation.", cause: error)
        }
    }
}

extension StoreError {
    static func damaged(_ what: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(
            "folder.damaged", .fault,
            "The database sluice.db is damaged: \(what). Restore the data folder from a backup.", cause: cause)
    }
}
