import Foundation
import GRDB
import Glibc

/// A SQLite file as maintenance sees it: whatever is in it, it can be checked and copied while others use it.
struct DatabaseFile {
    let path: String

    /// How long a transaction of another process is waited for, in seconds.
    private static let patience: TimeInterval = 30
    /// How many of SQLite's complaints are kept.
    private static let complaintLimit = 5

    /// What is wrong with it, in SQLite's words; empty when nothing is.
    func complaints() -> [String] {
        do {
            return try open(readonly: true) { queue in
                try queue.read { db in
                    let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.complaintLimit))")
                    return lines == ["ok"] ? [] : lines
                }
            }
        } catch {
            return ["\(error)"]
        }
    }

    /// Writes a copy of it as it stands at one instant: pages as they are, over SQLite's own backup interface.
    ///
    /// - Parameter target: a file that is not there.
    func copy(to target: String) throws {
        // Made for its owner alone: SQLite itself would let everybody read it.
        guard mknod(target, S_IFREG | 0o600, 0) == 0 else {
            throw POSIXFailure(errno: errno, call: "mknod").storeError(target)
        }
        try SQLiteFailure.mapped(path) {
            try open(readonly: false) { source in
                let copy = try DatabaseQueue(path: target)
                defer { try? copy.close() }
                try source.backup(to: copy)
            }
        }
        for suffix in ["-wal", "-shm", "-journal"] { unlink(target + suffix) }
    }

    /// One number from it.
    func numbers(_ sql: String) throws -> [Int64] {
        try open(readonly: true) { queue in try queue.read { try Int64.fetchAll($0, sql: sql) } }
    }

    private func open<Result>(readonly: Bool, _ body: (DatabaseQueue) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.readonly = readonly
        configuration.busyMode = .timeout(Self.patience)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try body(queue)
    }
}
