import Foundation

/// A lock between processes, held by an open file: it is released when the last process that holds the file is gone.
struct FileLock: ~Copyable {
    let descriptor: Int32

    /// Opens the file at `path`, making it when it is missing.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    init(at path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw PythonError(
                code: "python.folder", "The file \(path) cannot be made: \(String(cString: strerror(errno))).",
                category: .fault)
        }
    }

    deinit { close(descriptor) }

    /// Takes the lock if nobody has it.
    borrowing func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
}
