import Foundation
import Synchronization

/// What a CREATE or DROP that was cut short leaves behind: always under a name that no database and no schema has.
extension SQLiteRoot {
    /// The roots that this process has swept.
    private static let swept = Mutex<Set<String>>([])

    /// How old a leftover is, in seconds, before it goes: far older than any CREATE or DROP that still runs.
    private static let leftoverAge: TimeInterval = 86_400

    static func draftName() -> String { ".new-\(UUID().uuidString)" }
    static func droppedName() -> String { ".dropped-\(UUID().uuidString)" }

    /// Sweeps the root, the first time only that this process asks: opening a session must stay quick.
    func sweepOnce(now: Date) {
        guard Self.swept.withLock({ $0.insert(folder.path(percentEncoded: false)).inserted }) else { return }
        sweep(changedBefore: now - Self.leftoverAge)
    }

    /// Removes old leftovers.
    ///
    /// What cannot be removed stays for a later process: a script that wants to run has nothing to do with it.
    private func sweep(changedBefore limit: Date) {
        for entry in Self.names(in: folder) {
            let url = path(entry)
            guard Self.isLeftoverFolder(entry) else {
                guard SQLiteName.problem(entry, what: .database) == nil else { continue }
                for file in Self.names(in: url) where Self.isLeftoverFile(file) {
                    let path = url.appending(path: file).path(percentEncoded: false)
                    if Self.isOld(path, limit, type: S_IFREG) { unlink(path) }
                }
                continue
            }
            // Under a new name nobody takes it for a draft any more, and two processes never empty the same folder.
            let hidden = path(Self.droppedName())
            guard Self.isOld(Self.plainPath(url), limit, type: S_IFDIR),
                rename(Self.plainPath(url), Self.plainPath(hidden)) == 0
            else { continue }
            discard(hidden)
        }
    }

    /// Removes a folder and the files in it, as far as that goes.
    func discard(_ folder: URL) {
        for file in Self.names(in: folder) { unlink(folder.appending(path: file).path(percentEncoded: false)) }
        rmdir(Self.plainPath(folder))
    }

    /// Removes a draft and what SQLite has put beside it.
    static func discard(draft: String) {
        for ending in [""] + sidecars { unlink(draft + ending) }
    }

    private static let sidecars = ["-wal", "-shm", "-journal"]

    private static func isLeftoverFolder(_ name: String) -> Bool {
        name.hasPrefix(".new-") || name.hasPrefix(".dropped-")
    }

    /// Whether it is a schema's draft: `.new-…`, or `public.db.new-…` as Python's sessions name theirs.
    private static func isLeftoverFile(_ name: String) -> Bool {
        if name.hasPrefix(".new-") { return true }
        // A schema may be called `a.db.new-b`, but its files go on with `.db`.
        let file = sidecars.first(where: name.hasSuffix).map { String(name.dropLast($0.count)) } ?? name
        return file.contains(".db.new-") && !file.hasSuffix(".db")
    }

    /// Whether it is of this type and has not changed since: a rename too counts as a change.
    private static func isOld(_ path: String, _ limit: Date, type: mode_t) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == type else { return false }
        return Double(status.st_ctim.tv_sec) < limit.timeIntervalSince1970
    }

    /// What a folder holds; nothing when it cannot be read.
    private static func names(in folder: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
    }

    /// Without the slash at the end, through which a link would be followed.
    private static func plainPath(_ folder: URL) -> String {
        let path = folder.path(percentEncoded: false)
        return path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
