import Foundation
import GRDB
import Glibc
import SluiceCore

/// Something that was looked at in an installation.
public struct Finding: Sendable, Hashable, Codable {
    public enum Status: String, Sendable, Hashable, Codable, CaseIterable {
        case ok
        /// Worth knowing; nothing is broken by it.
        case note
        case broken
    }

    /// What was looked at, such as `store.integrity`.
    public var check: String
    public var status: Status
    /// How it stands, and what to do if it stands badly.
    public var message: String

    public init(_ check: String, _ status: Status, _ message: String) {
        self.check = check
        self.status = status
        self.message = message
    }
}

/// Looks at a data folder without changing it, also while an engine works on it, and also when its store cannot be opened.
public struct FolderInspection: Sendable {
    private let root: String
    private let now: Date

    /// Below this the disk is as good as full, in bytes.
    private static let leastFree: UInt64 = 100 << 20
    private static let littleFree: UInt64 = 2 << 30
    /// How long after its lease has run out an attempt should long have been reaped, in seconds.
    private static let reapingTime: TimeInterval = 60

    public init(of folder: URL, now: Date) {
        root = folder.plainPath
        self.now = now
    }

    /// The SQLite that this process works with.
    public static var sqliteVersion: String {
        get throws { try DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") } ?? "" }
    }

    /// What stands well and what does not, from the folder itself to the files in it.
    public func findings() -> [Finding] {
        var findings = [rights(), space()]
        let store = integrity("store.integrity", [root + "/sluice.db"], "the store sluice.db")
        findings.append(store)
        findings.append(guarded("databases.integrity", databases))
        // What a damaged store says about runs is not worth telling.
        if store.status != .broken {
            findings.append(guarded("runs.open", openRuns))
            findings.append(guarded("files.orphaned", orphans))
        }
        return findings
    }

    /// The process that has the folder's lock; nil when no engine works on it. Looks without trying the lock itself, which
    /// could keep an engine from starting.
    public var engine: Int32? {
        var status = stat()
        guard stat(root + "/lock", &status) == 0 else { return nil }
        guard let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
        for line in locks.split(separator: "\n") {
            // `1: FLOCK  ADVISORY  WRITE 2811 08:01:131 0 EOF`
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK", let pid = Int32(fields[4]) else { continue }
            if fields[5].split(separator: ":").last.flatMap({ UInt64($0) }) == UInt64(status.st_ino) { return pid }
        }
        return nil
    }

    private func guarded(_ check: String, _ body: () throws -> Finding) -> Finding {
        do { return try body() } catch { return Finding(check, .broken, "This cannot be looked at: \(error)") }
    }

    private func rights() -> Finding {
        let check = "folder.rights"
        var status = stat()
        guard stat(root, &status) == 0 else { return Finding(check, .broken, "The folder \(root) cannot be read.") }
        guard status.st_uid == geteuid() || geteuid() == 0 else {
            return Finding(check, .broken, "The folder belongs to another user. Give it to the one who runs Sluice.")
        }
        guard access(root, R_OK | W_OK | X_OK) == 0 else {
            return Finding(check, .broken, "The folder cannot be written. Give this user the right to.")
        }
        let open = ["", "/sluice.db", "/journals", "/artifacts", "/databases", "/socket"].filter { name in
            var status = stat()
            return lstat(root + name, &status) == 0 && status.st_mode & 0o077 != 0
        }
        guard open.isEmpty else {
            let names = open.map { $0.isEmpty ? "the folder itself" : String($0.dropFirst()) }
            return Finding(
                check, .broken,
                "Other users have rights to \(names.joined(separator: ", ")). Take them away: chmod -R go= \(root)")
        }
        return Finding(check, .ok, "The folder is its owner's alone.")
    }

    private func space() -> Finding {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else {
            return Finding("disk.free", .broken, "The free space of the disk cannot be read.")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let words = "\(free >> 20) MB are free on the folder's disk."
        if free < Self.leastFree { return Finding("disk.free", .broken, "\(words) Make room before it is full.") }
        if free < Self.littleFree { return Finding("disk.free", .note, "\(words) Make room soon.") }
        return Finding("disk.free", .ok, words)
    }

    private func integrity(_ check: String, _ files: [String], _ what: String) -> Finding {
        for file in files {
            guard let complaint = DatabaseFile(path: file).complaints().first else { continue }
            return Finding(
                check, .broken,
                "\(file.dropFirst(root.count + 1)) is damaged: \(complaint). Restore it from a backup: 'sluice restore'."
            )
        }
        return Finding(check, .ok, "SQLite finds no fault in \(what).")
    }

    private func databases() throws -> Finding {
        let files = try FolderBackup.databaseFiles(in: root + "/databases")
        return integrity(
            "databases.integrity", files,
            files.count == 1 ? "the one file of the databases" : "the \(files.count) files of the databases")
    }

    private func openRuns() throws -> Finding {
        let check = "runs.open"
        let store = DatabaseFile(path: root + "/sluice.db")
        let open = try store.numbers("SELECT id FROM runs WHERE status IN ('pending', 'running') ORDER BY id")
        guard !open.isEmpty else { return Finding(check, .ok, "No run is open.") }
        let numbers = open.prefix(5).map(String.init).joined(separator: ", ") + (open.count > 5 ? " …" : "")
        let count = open.count == 1 ? "One run is open: \(numbers)." : "\(open.count) runs are open: \(numbers)."
        guard engine != nil else {
            return Finding(
                check, .note, "\(count) No engine works on the folder; 'sluice serve' goes on with what waits.")
        }
        let overdue = now.addingTimeInterval(-Self.reapingTime).column
        let stuck = try store.numbers(
            "SELECT DISTINCT run FROM task_runs WHERE state = 'running' AND expires < \(overdue) ORDER BY run LIMIT 5")
        guard stuck.isEmpty else {
            return Finding(
                check, .broken,
                "Runs are stuck, their leases ran out and nobody ended them: "
                    + stuck.map(String.init).joined(separator: ", ") + ". Restart the server; its log may tell why.")
        }
        return Finding(check, .ok, "\(count) An engine works on the folder.")
    }

    /// Journals and artifacts of runs that the store does not know, and copies that nobody finished.
    private func orphans() throws -> Finding {
        let known = Set(try DatabaseFile(path: root + "/sluice.db").numbers("SELECT id FROM runs").map(String.init))
        var lost: [String] = []
        for place in ["journals", "artifacts"] {
            for name in try FileTree.names(in: "\(root)/\(place)") where name != "incoming" && !known.contains(name) {
                lost.append("\(place)/\(name)")
            }
        }
        if engine == nil {
            for place in ["artifacts/incoming", "python/work"] {
                lost += try FileTree.names(in: "\(root)/\(place)").map { "\(place)/\($0)" }
            }
        }
        guard !lost.isEmpty else { return Finding("files.orphaned", .ok, "Every file belongs to a run.") }
        let names = lost.prefix(5).joined(separator: ", ") + (lost.count > 5 ? " …" : "")
        return Finding(
            "files.orphaned", .note,
            "\(lost.count) files or folders belong to no run: \(names). They only take space; what lies in "
                + "artifacts/incoming and python/work goes with the next start of an engine.")
    }
}
