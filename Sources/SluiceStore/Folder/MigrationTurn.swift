import Glibc

/// The right to change a data folder's tables: one process at a time, the others wait for their turn.
struct MigrationTurn {
    private let descriptor: Int32

    /// Waits for the turn.
    init(in folder: DataFolder) throws {
        let path = folder.root.appending(path: "migration").path(percentEncoded: false)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataFolder.failure(folder.path, errno) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                close(descriptor)
                throw POSIXFailure(errno: errno, call: "flock")
            }
        }
    }

    func end() { close(descriptor) }
}
