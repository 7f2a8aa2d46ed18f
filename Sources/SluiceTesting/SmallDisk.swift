import Foundation
import Glibc

/// A file system of its own, of some hundred kilobytes, that can be filled and made read-only. Needs root.
package final class SmallDisk: Sendable {
    package static let isAvailable = geteuid() == 0 && (try? SmallDisk(kilobytes: 64)) != nil

    struct MountFailed: Error {
        var words: String
    }

    package let folder: TemporaryFolder
    package var url: URL { folder.url }

    package init(kilobytes: Int) throws {
        folder = try TemporaryFolder()
        try Self.run("mount", ["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path])
    }

    deinit { try? Self.run("umount", ["-l", folder.path]) }

    package func makeReadOnly() throws { try Self.run("mount", ["-o", "remount,ro", folder.path]) }

    /// Takes what space is left.
    package func fill() throws {
        let file = open(folder.path + "/filler", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard file >= 0 else { throw MountFailed(words: String(cString: strerror(errno))) }
        defer { close(file) }
        let block = [UInt8](repeating: 0x78, count: 4_096)
        while write(file, block, block.count) > 0 {}
    }

    package func free() throws { try FileManager.default.removeItem(at: url.appending(path: "filler")) }

    private static func run(_ command: String, _ arguments: [String]) throws {
        let process = Process()
        let words = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardError = words
        try process.run()
        let output = words.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw MountFailed(words: String(decoding: output, as: UTF8.self)) }
    }
}
