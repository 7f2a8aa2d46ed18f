import Foundation
import SluiceCore

/// Folders that hold people's scripts, and so are their owner's alone.
enum PrivateFolder {
    /// Makes `folder` and the one it lies in, or takes other users' rights away from them.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    static func make(_ folder: URL) throws(PythonError) {
        let parent = folder.deletingLastPathComponent()
        do {
            let above = parent.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
        } catch {
            throw failure(parent.path, cause: error)
        }
        for path in [parent.path, folder.path] {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(path) }
            try takeAway(path)
        }
    }

    /// Takes other users' rights to a folder away from them, if it is there.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    static func takeAway(_ path: String) throws(PythonError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
        guard chmod(path, 0o700) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String, cause: (any Error)? = nil) -> PythonError {
        let reason = cause == nil ? ": \(String(cString: strerror(errno)))" : ""
        return PythonError(
            code: "python.folder", "The folder \(path) cannot be made\(reason). Is the data folder writable?",
            category: .fault, cause: cause)
    }
}
