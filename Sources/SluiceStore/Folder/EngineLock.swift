import Foundation
import Glibc
import SluiceCore
import Synchronization

/// One engine's claim on a data folder. The system gives it up when the process ends, even by `kill -9`.
public final class EngineLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(at url: URL, folder: String, purpose: String) throws(StoreError) {
        let path = url.path(percentEncoded: false)
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DataFolder.failure(folder, errno) }
        do {
            while flock(file, LOCK_EX | LOCK_NB) != 0 {
                switch errno {
                case EINTR: continue
                case EWOULDBLOCK: throw Self.inUse(folder, holder: try POSIXFile.contents(of: path) ?? [])
                default: throw POSIXFailure(errno: errno, call: "flock")
                }
            }
            let holder = Array("\(getpid())\n\(purpose)\n".utf8)
            guard ftruncate(file, 0) == 0 else { throw POSIXFailure(errno: errno, call: "ftruncate") }
            try POSIXFile.writeAll(holder, to: file)
        } catch let error as StoreError {
            close(file)
            throw error
        } catch let error as POSIXFailure {
            close(file)
            throw error.storeError(folder)
        } catch {
            close(file)
            throw StoreError("folder.unusable", .fault, "The data folder \(folder) cannot be locked.", cause: error)
        }
        descriptor = Mutex(file)
    }

    /// Gives the folder up. Safe to call twice.
    public func release() {
        descriptor.withLock { file in
            if let file { close(file) }
            file = nil
        }
    }

    deinit { release() }

    private static func inUse(_ folder: String, holder: [UInt8]) -> StoreError {
        let lines = String(decoding: holder, as: UTF8.self).split(separator: "\n", maxSplits: 1)
        // The holder writes its name right after it has locked; a reader may come in between.
        var who = "another process"
        if let pid = lines.first { who = "process \(pid)" }
        if lines.count > 1 { who += " (\(lines[1].trimmingCharacters(in: .whitespacesAndNewlines)))" }
        return StoreError(
            "folder.in-use", .conflict,
            "The data folder \(folder) is in use by \(who). Wait until that has ended or end it, or name another "
                + "data folder.")
    }
}
