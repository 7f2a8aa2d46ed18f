import Foundation
import Glibc
import SluiceCore

/// The folder where an installation keeps everything: its database, journals, artifacts and user databases.
public final class DataFolder: Sendable {
    /// The layout that this version writes, as found in the file `format`.
    static let format = 1

    /// The folder itself, absolute, symbolic links resolved.
    public let root: URL
    /// Runs, jobs and the catalogue.
    public var database: URL { root.appending(path: "sluice.db") }
    /// What attempts say.
    public var journals: URL { root.appending(path: "journals", directoryHint: .isDirectory) }
    /// Files that attempts keep.
    public var artifacts: URL { root.appending(path: "artifacts", directoryHint: .isDirectory) }
    /// The databases of the embedded engine, where user data lies.
    public var databases: URL { root.appending(path: "databases", directoryHint: .isDirectory) }
    /// Python environments.
    public var python: URL { root.appending(path: "python", directoryHint: .isDirectory) }

    /// Opens the folder, and makes it, for its owner alone, when it is not there.
    ///
    /// - Throws: ``StoreError`` `folder.not-a-folder`, `folder.read-only`, `folder.newer-version`, `disk.full`.
    public init(at url: URL) throws(StoreError) {
        let path = url.standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/")
        try Self.makeFolder(path)
        root = URL(filePath: try POSIXFile.canonicalPath(path), directoryHint: .isDirectory)
        try checkFormat()
    }

    /// Claims the folder for an engine, until the lock is released or this process ends, however it ends.
    ///
    /// - Parameter purpose: what the engine is for, shown to whoever finds the folder taken: `sluice run flights`.
    /// - Throws: ``StoreError`` `folder.in-use`, which names the holder.
    public func lockForEngine(purpose: String) throws(StoreError) -> EngineLock {
        let lock = try EngineLock(at: root.appending(path: "lock"), folder: path, purpose: purpose)
        try FileArtifacts(root: artifacts).removeLeftovers()
        return lock
    }

    var path: String { root.path(percentEncoded: false).trimmingSuffix("/") }

    /// Creates `path` and what is missing above it.
    private static func makeFolder(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw notAFolder(path) }
            return
        }
        guard errno == ENOENT else { throw failure(path, errno) }
        let parent = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        if parent != path { try makeFolder(parent) }
        // Somebody else may have made it in between: as good.
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(path, errno) }
    }

    /// Reads the format mark, or writes it into a new folder.
    private func checkFormat() throws(StoreError) {
        let mark = root.appending(path: "format").path(percentEncoded: false)
        do {
            if let bytes = try POSIXFile.contents(of: mark) {
                let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                guard let found = Int(text) else {
                    throw StoreError(
                        "folder.damaged", .fault,
                        "The file 'format' in the data folder \(path) should hold a number. Restore it, or name "
                            + "another data folder.")
                }
                guard found <= Self.format else {
                    throw StoreError.newerVersion(path, found: found, known: Self.format)
                }
            } else {
                try POSIXFile.write(Array("\(Self.format)\n".utf8), to: mark)
            }
        } catch let error as POSIXFailure {
            throw Self.failure(path, error.errno)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError("folder.unusable", .fault, "The data folder \(path) cannot be used.", cause: error)
        }
    }

    private static func notAFolder(_ path: String) -> StoreError {
        StoreError(
            "folder.not-a-folder", .badInput,
            "\(path) is not a folder, so no data can be kept there. Name another data folder.")
    }

    static func failure(_ path: String, _ number: Int32) -> StoreError {
        switch number {
        case ENOTDIR: notAFolder(path)
        default: POSIXFailure(errno: number, call: "open").storeError(path)
        }
    }
}
