import Foundation
import SluiceCore

/// What a `sqlite` connection's settings say.
struct SQLiteSettings: Sendable, Hashable {
    /// How hard a commit presses its bytes onto the disk.
    enum Synchronous: String, CaseIterable { case off, normal, full, extra }

    /// The folder that holds the databases.
    var root: URL
    var synchronous: Synchronous
    /// How long a statement waits for another session's lock, in milliseconds.
    var busyTimeout: Int

    /// Reads `root` (needed), `synchronous` (`full` by default), `busyTimeout` (in seconds, 10 by default).
    ///
    /// - Throws: ``SQLError`` `sql.connection-setting`.
    init(_ connection: ConnectionInfo) throws(SQLError) {
        func wrong(_ reason: String) -> SQLError {
            SQLError(code: "sql.connection-setting", "Connection '\(connection.name)': \(reason)")
        }
        guard let root = connection.settings["root"], !root.isEmpty else {
            throw wrong("a sqlite connection needs the setting 'root', the folder that holds its databases.")
        }
        self.root = URL(filePath: root, directoryHint: .isDirectory)
        let synchronous = connection.settings["synchronous"] ?? Synchronous.full.rawValue
        guard let level = Synchronous(rawValue: synchronous.lowercased()) else {
            let levels = Synchronous.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong("'synchronous' is '\(synchronous)'; it can be \(levels).")
        }
        self.synchronous = level
        let timeout = connection.settings["busyTimeout"] ?? "10"
        guard let seconds = Double(timeout), seconds >= 0, seconds <= 86_400 else {
            throw wrong("'busyTimeout' is '\(timeout)'; it is a number of seconds, 0 to 86400.")
        }
        busyTimeout = Int(seconds * 1_000)
    }
}
