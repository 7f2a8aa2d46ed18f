import Foundation
import SluiceCore

/// The private folders in which attempts run.
struct WorkingFolders: Sendable {
    /// Where they lie; one folder for each attempt.
    let root: URL

    /// Makes a folder with `tmp` inside, which the attempt's supervisor removes.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    func make(for attempt: AttemptID) throws -> String {
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
