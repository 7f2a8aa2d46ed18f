import Foundation
import SluiceCore

/// The private folders in which attempts run.
struct WorkingFolders: Sendable {
    /// Where they lie; one folder for each attempt.
    let root: URL

    /// Makes a folder with `tmp` inside, which the attempt's supervisor removes.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    func make(for attempt: AttemptID) throws -> WorkingFolder {
        // Locked before it gets its name: who looks for abandoned folders never sees this one unlocked.
        var draft = Array("\(root.path)/.\(attempt.run)-\(attempt.task.index + 1)-\(attempt.number)-XXXXXX".utf8CString)
        if mkdtemp(&draft) == nil {
            // The first of all: the folder above is not there yet.
            guard errno == ENOENT else { throw failure(root.path, errno) }
            try PrivateFolder.make(root)
            draft.replaceSubrange((draft.count - 7)..., with: "XXXXXX".utf8CString)
            guard mkdtemp(&draft) != nil else { throw failure(root.path, errno) }
        }
        let made = draft.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let path = root.path + "/" + made.dropFirst(root.path.utf8.count + 2)
        guard let descriptor = Self.lock(made) else { throw failure(made, errno) }
        let folder = WorkingFolder(path: path, descriptor: descriptor)
        guard rename(made, path) == 0, mkdir("\(path)/tmp", 0o700) == 0 else { throw failure(path, errno) }
        return folder
    }

    /// Removes the folders of attempts whose executor and supervisor are both gone.
    func sweep() {
        // What cannot be looked at or removed now costs space and nothing else; the next start tries again.
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: root.path)) ?? [] {
            let path = "\(root.path)/\(name)"
            if name.hasPrefix("."), !Self.isOld(path) { continue }
            guard let descriptor = Self.lock(path) else { continue }
            try? files.removeItem(atPath: path)
            close(descriptor)
        }
    }

    /// Opens a folder and locks it.
    ///
    /// - Returns: nil, with `errno` set, when it cannot be opened, or somebody else has the lock.
    private static func lock(_ path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        let reason = errno
        close(descriptor)
        errno = reason
        return nil
    }

    /// Whether it is longer than a minute there: making one takes no time.
    private static func isOld(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && time(nil) - status.st_mtim.tv_sec > 60
    }

    private func failure(_ path: String, _ error: Int32) -> PythonError {
        PythonError(
            code: "python.folder",
            "No working folder can be made in \(path): \(String(cString: strerror(error))).", category: .fault)
    }
}
