import Foundation
import SluiceCore

/// The private folder in which an attempt runs, locked for as long as anybody who needs it lives.
final class WorkingFolder: Sendable {
    let path: String
    /// Holds the lock: it is passed on to the attempt's supervisor, and free when both are gone.
    let descriptor: Int32

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Removes what the attempt's supervisor could not.
    func remove() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
