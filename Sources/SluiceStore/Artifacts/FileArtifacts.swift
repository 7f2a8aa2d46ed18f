import Foundation
import Glibc
import SluiceCore

/// Artifacts as files: `<root>/<run>/<task>.<attempt>/<name>`.
struct FileArtifacts: Sendable {
    let root: URL

    private static let bufferSize = 1 << 20

    func keepArtifact(_ file: URL, name: String, of attempt: AttemptID) throws -> Artifact {
        try Self.check(name)
        let source = file.path(percentEncoded: false)
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard input >= 0 else { throw Self.unreadable(source, String(cString: strerror(errno))) }
        defer { close(input) }
        var status = stat()
        guard fstat(input, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.unreadable(source, "it is not a file")
        }

        let folder = folder(of: attempt)
        let target = folder + "/" + name
        do {
            try makeFolders(for: attempt)
            let temporary = "\(incoming)/\(getpid()).\(UInt64.random(in: 0 ... .max))"
            let output = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard output >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
            let size: Int
            do {
                defer { close(output) }
                size = try Self.copy(input, to: output)
                guard fsync(output) == 0 else { throw POSIXFailure(errno: errno, call: "fsync") }
                guard rename(temporary, target) == 0 else { throw POSIXFailure(errno: errno, call: "rename") }
            } catch {
                unlink(temporary)
                throw error
            }
            try POSIXFile.syncFolder(folder)
            return Artifact(name: name, path: target, size: size)
        } catch let failure as POSIXFailure {
            throw failure.storeError(target)
        }
    }

    func artifacts(of attempt: AttemptID) throws -> [Artifact] {
        let path = folder(of: attempt)
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw POSIXFailure(errno: errno, call: "opendir").storeError(path)
        }
        defer { closedir(folder) }
        var found: [Artifact] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            var status = stat()
            guard name != ".", name != "..", stat(path + "/" + name, &status) == 0 else { continue }
            found.append(Artifact(name: name, path: path + "/" + name, size: Int(status.st_size)))
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Removes the artifacts of a run.
    func remove(_ run: RunID) throws { try FileTree.remove("\(rootPath)/\(run)") }

    /// Takes away what a process that died in the middle of a copy left behind. Only for the holder of the engine lock.
    func removeLeftovers() throws(StoreError) {
        guard let folder = opendir(incoming) else {
            if errno == ENOENT { return }
            throw POSIXFailure(errno: errno, call: "opendir").storeError(incoming)
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            guard entry.pointee.d_type == UInt8(DT_REG) else { continue }
            let done = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { unlinkat(dirfd(folder), $0, 0) }
            }
            guard done == 0 || errno == ENOENT else {
                throw POSIXFailure(errno: errno, call: "unlink").storeError(incoming)
            }
        }
    }

    private var rootPath: String { root.standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/") }
    /// Copies under way; in the same file system, so that a finished one can be renamed into place.
    private var incoming: String { rootPath + "/incoming" }

    private func folder(of attempt: AttemptID) -> String {
        "\(rootPath)/\(attempt.run)/\(AttemptFileName.stem(of: attempt))"
    }

    private func makeFolders(for attempt: AttemptID) throws(POSIXFailure) {
        try POSIXFile.makeFolder(rootPath)
        try POSIXFile.makeFolder(incoming)
        try POSIXFile.makeFolder("\(rootPath)/\(attempt.run)")
        try POSIXFile.makeFolder(folder(of: attempt))
        try POSIXFile.syncFolder("\(rootPath)/\(attempt.run)")
        try POSIXFile.syncFolder(rootPath)
    }

    private static func check(_ name: String) throws(StoreError) {
        let isControlled = name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        guard !name.isEmpty, name.utf8.count <= 255, name != ".", name != "..", !name.contains("/"), !isControlled
        else {
            throw StoreError(
                "artifact.name", .badInput,
                "An artifact is kept under a file name of 1 to 255 bytes, without '/' and control characters; "
                    + "'\(name)' is none.")
        }
    }

    private static func copy(_ input: Int32, to output: Int32) throws(POSIXFailure) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = read(input, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw POSIXFailure(errno: errno, call: "read") }
            if count == 0 { return total }
            try POSIXFile.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: output)
            total += count
        }
    }

    private static func unreadable(_ path: String, _ why: String) -> StoreError {
        StoreError("artifact.unreadable", .badInput, "The file \(path) cannot be kept as an artifact: \(why).")
    }
}

/// How an attempt is called in the file system: `2.1` is the first attempt at the second task, `2-3.1` at its fourth
/// element.
enum AttemptFileName {
    static func stem(of attempt: AttemptID) -> String {
        let element = attempt.task.element.map { "-\($0)" } ?? ""
        return "\(attempt.task.index + 1)\(element).\(attempt.number)"
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
