import Foundation
import Glibc

/// Copies of files and folders that are on the disk when the call returns, for their owner alone.
enum FileTree {
    /// What lies in a folder, by name; empty when there is no such folder.
    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return []
        }
    }

    static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

    static func isFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

    /// Copies the files below `source`, in folders of the same names. What is neither file nor folder is left out, and so is
    /// what goes away meanwhile.
    ///
    /// - Parameter skipped: names directly below `source` that are left out.
    /// - Returns: how many files were copied.
    static func copy(_ source: String, to target: String, skipping skipped: Set<String> = []) throws -> Int {
        try POSIXFile.makeFolder(target)
        var count = 0
        for name in try names(in: source) where !skipped.contains(name) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            if isFolder(from) {
                count += try copy(from, to: to)
            } else if isFile(from), try copyFile(from, to: to) {
                count += 1
            }
        }
        try POSIXFile.syncFolder(target)
        return count
    }

    /// Removes a folder with all that is in it; fine if it is not there.
    static func remove(_ path: String) throws {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch let error as CocoaError where error.code == .fileNoSuchFile {
            return
        } catch {
            throw StoreError("folder.unusable", .fault, "\(path) cannot be removed.", cause: error)
        }
    }

    /// - Returns: false when there is no such file any more.
    static func copyFile(_ source: String, to target: String) throws(POSIXFailure) -> Bool {
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard input >= 0 else {
            if errno == ENOENT { return false }
            throw POSIXFailure(errno: errno, call: "open")
        }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
        defer { close(output) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(input, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw POSIXFailure(errno: errno, call: "read") }
            if count == 0 { break }
            try POSIXFile.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: output)
        }
        guard fsync(output) == 0 else { throw POSIXFailure(errno: errno, call: "fsync") }
        return true
    }

    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
