import Glibc
import Synchronization

/// The bytes of a journal: appended line by line, each in the kernel's hands when the call returns.
///
/// The first lines go through `write`. A journal that says a lot is then mapped into memory, where a line costs a copy
/// and no call; the kernel owns those pages too, so the death of the process loses none of them. A mapped file is longer
/// than its text, with NUL bytes behind, until it is finished.
struct JournalFile: ~Copyable {
    /// A stretch of the file in memory.
    private struct Window {
        var base: UnsafeMutableRawPointer
        /// Offset of its first byte in the file.
        var start: Int
        var length: Int
    }

    /// Text after which a journal counts as busy, in bytes.
    private static let mappedFrom = 16 * 1_024
    private static let windowSizes = 256 * 1_024...4 * 1_024 * 1_024

    let descriptor: Int32
    /// Where the text ends.
    private var end: Int
    private var window: Window?
    private var windowSize = windowSizes.lowerBound
    /// False once the file system has shown that it cannot reserve space.
    private var canMap = true

    init(path: String) throws(POSIXFailure) {
        (descriptor, end) = try Self.open(path)
    }

    deinit {
        if let window {
            munmap(window.base, window.length)
            // Nobody is left to tell; readers stop at the first NUL.
            _ = ftruncate(descriptor, end)
        }
        Glibc.close(descriptor)
    }

    mutating func append(_ line: borrowing JournalBytes) throws(POSIXFailure) {
        if end >= Self.mappedFrom, try reserve(line.count), let window {
            let place = window.base + (end - window.start)
            // A reader may look at any moment. It takes a NUL for the end, so the first byte comes last.
            (place + 1).copyMemory(from: line.base + 1, byteCount: line.count - 1)
            atomicMemoryFence(ordering: .releasing)
            place.storeBytes(of: line.base[0], as: UInt8.self)
        } else {
            try write(line)
        }
        end += line.count
    }

    /// Makes the file exactly as long as its text.
    mutating func finish() throws(POSIXFailure) {
        guard let window else { return }
        munmap(window.base, window.length)
        self.window = nil
        guard ftruncate(descriptor, end) == 0 else { throw POSIXFailure(errno: errno, call: "ftruncate") }
    }

    private func write(_ line: borrowing JournalBytes) throws(POSIXFailure) {
        var done = 0
        while done < line.count {
            let count = pwrite(descriptor, line.base + done, line.count - done, end + done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                let failure = POSIXFailure(errno: errno, call: "write")
                // No torn line stays behind; should even that fail, readers leave a torn line out.
                if done > 0 { _ = ftruncate(descriptor, end) }
                throw failure
            }
            done += count
        }
    }

    /// Has `count` bytes from ``end`` on in memory.
    ///
    /// - Returns: false when the file cannot be mapped, so that the line has to be written.
    private mutating func reserve(_ count: Int) throws(POSIXFailure) -> Bool {
        if let window, end + count <= window.start + window.length { return true }
        guard canMap else { return false }
        try finish()
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = end / page * page
        let length = max(windowSize, (end - start + count + page - 1) / page * page)
        // Without blocks of its own, a page in memory could find the disk full, which kills the process.
        let refusal = posix_fallocate(descriptor, off_t(start), off_t(length))
        guard refusal == 0 else {
            // Full: a short line may still fit. Anything else: this file system cannot reserve.
            if refusal != ENOSPC && refusal != EDQUOT && refusal != EINTR { canMap = false }
            guard ftruncate(descriptor, end) == 0 else { throw POSIXFailure(errno: errno, call: "ftruncate") }
            return false
        }
        guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, start), base != MAP_FAILED
        else {
            canMap = false
            guard ftruncate(descriptor, end) == 0 else { throw POSIXFailure(errno: errno, call: "ftruncate") }
            return false
        }
        window = Window(base: base, start: start, length: length)
        windowSize = min(windowSize * 2, Self.windowSizes.upperBound)
        return true
    }

    /// Opens the file, and makes it when it is not there.
    private static func open(_ path: String) throws(POSIXFailure) -> (descriptor: Int32, end: Int) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
        do throws(POSIXFailure) {
            var status = stat()
            guard fstat(file, &status) == 0 else { throw POSIXFailure(errno: errno, call: "fstat") }
            if status.st_size == 0 { return (file, 0) }
            // Left by a process that died: its last line may be torn, and nobody was told that it was there.
            let end = try textEnd(file, size: Int(status.st_size))
            guard ftruncate(file, off_t(end)) == 0 else { throw POSIXFailure(errno: errno, call: "ftruncate") }
            return (file, end)
        } catch {
            Glibc.close(file)
            throw error
        }
    }

    /// Where the last whole line of a file ends.
    private static func textEnd(_ descriptor: Int32, size: Int) throws(POSIXFailure) -> Int {
        var end = 0
        var offset = 0
        var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
        while offset < size {
            let count = pread(descriptor, &buffer, buffer.count, offset)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw POSIXFailure(errno: errno, call: "read") }
            if count == 0 { break }
            for (place, byte) in buffer[..<count].enumerated() {
                if byte == 0 { return end }
                if byte == 0x0A { end = offset + place + 1 }
            }
            offset += count
        }
        return end
    }
}
