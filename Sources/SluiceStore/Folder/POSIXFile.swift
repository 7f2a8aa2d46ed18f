import Foundation
import Glibc

/// Small files, written whole, and the calls around them.
enum POSIXFile {
    static func canonicalPath(_ path: String) throws(StoreError) -> String {
        guard let resolved = realpath(path, nil) else {
            throw POSIXFailure(errno: errno, call: "realpath").storeError(path)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Opens a file for reading; nil when there is none.
    ///
    /// Without waiting: what should be a file and is a pipe is an error, and holds nobody up.
    static func openForReading(_ path: String) throws(POSIXFailure) -> Int32? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw POSIXFailure(errno: errno, call: "open")
        }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            throw POSIXFailure(errno: EINVAL, call: "open")
        }
        return file
    }

    /// The bytes of a small file; nil when there is none.
    static func contents(of path: String) throws(POSIXFailure) -> [UInt8]? {
        guard let file = try openForReading(path) else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw POSIXFailure(errno: errno, call: "read") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Writes a file so that it is there whole or not at all, for its owner alone.
    static func write(_ bytes: [UInt8], to path: String) throws(POSIXFailure) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
        do throws(POSIXFailure) {
            defer { close(file) }
            try writeAll(bytes, to: file)
            guard fsync(file) == 0 else { throw POSIXFailure(errno: errno, call: "fsync") }
            guard rename(temporary, path) == 0 else { throw POSIXFailure(errno: errno, call: "rename") }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
    }

    static func writeAll(_ bytes: [UInt8], to file: Int32) throws(POSIXFailure) {
        let result = bytes.withUnsafeBytes { raw in Result { () throws(POSIXFailure) in try writeAll(raw, to: file) } }
        try result.get()
    }

    static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws(POSIXFailure) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(file, bytes.baseAddress! + done, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw POSIXFailure(errno: errno, call: "write") }
            done += count
        }
    }

    /// Makes the names in a folder survive the death of the machine.
    static func syncFolder(_ path: String) throws(POSIXFailure) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw POSIXFailure(errno: errno, call: "fsync") }
    }

    /// Makes one folder for its owner alone; it may be there already.
    static func makeFolder(_ path: String) throws(POSIXFailure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw POSIXFailure(errno: errno, call: "mkdir") }
    }
}
