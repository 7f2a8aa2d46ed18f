import Foundation
import SluiceCore
import Synchronization

/// The private folders in which attempts run.
final class WorkingFolders: Sendable {
    /// Where they lie; one folder for each attempt.
    private let root: URL
    private let hasSwept = Mutex(false)

    init(root: URL) { self.root = root }

    /// Makes a folder with `tmp` inside, which the attempt's supervisor removes.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    func make(for attempt: AttemptID) throws -> String {
        sweep()
        var pattern = Array(
            "\(root.path)/\(attempt.run)-\(attempt.task.index + 1)-\(attempt.number)-XXXXXX".utf8CString)
        if mkdtemp(&pattern) == nil {
            // The first of all: the folder above is not there yet.
            if errno == ENOENT { try makeRoot() }
            pattern.replaceSubrange((pattern.count - 7)..., with: "XXXXXX".utf8CString)
            guard mkdtemp(&pattern) != nil else { throw failure(root.path, errno) }
        }
        let folder = pattern.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        guard mkdir("\(folder)/tmp", 0o700) == 0 else { throw failure(folder, errno) }
        return folder
    }

    /// Removes what an attempt left behind whose supervisor could not.
    func remove(_ folder: String) throws {
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Removes, once, what is older than the machine's start: no supervisor lives that would.
    private func sweep() {
        let isFirst = hasSwept.withLock { hasSwept in
            defer { hasSwept = true }
            return !hasSwept
        }
        guard isFirst else { return }
        let files = FileManager.default
        let start = Date(timeIntervalSinceNow: -ProcessInfo.processInfo.systemUptime)
        // What cannot be looked at or removed now costs space and nothing else; the next start tries again.
        let entries = try? files.contentsOfDirectory(
            at: root, includingPropertiesForKeys: [.contentModificationDateKey])
        for entry in entries ?? [] {
            let modified = try? entry.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
            if let modified, modified < start { try? files.removeItem(at: entry) }
        }
    }

    private func makeRoot() throws {
        do {
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        } catch {
            throw PythonError(
                code: "python.folder", "The folder \(root.path) cannot be made. Is the data folder writable?",
                category: .fault, cause: error)
        }
    }

    private func failure(_ path: String, _ error: Int32) -> PythonError {
        PythonError(
            code: "python.folder",
            "No working folder can be made in \(path): \(String(cString: strerror(error))).", category: .fault)
    }
}
