import Foundation
import Glibc
import SluiceCore

extension FileJournals {
    /// Read at a time, in bytes.
    private static let chunk = 256 * 1_024

    /// A position is an offset in the file, behind a line break.
    func journal(of attempt: AttemptID, after position: Int, limit: Int, kinds: JournalKinds = .all) throws
        -> JournalPage
    {
        var page = JournalPage(entries: [], position: max(0, position))
        guard limit > 0 else { return page }
        let path = path(of: attempt)
        let file: Int32
        do throws(POSIXFailure) {
            guard let opened = try POSIXFile.openForReading(path) else { return page }
            file = opened
        } catch {
            throw error.storeError(path)
        }
        defer { Glibc.close(file) }

        var size = Self.chunk
        while page.entries.count < limit {
            let bytes = try Self.read(file, at: page.position, size, path)
            let before = page.position
            Self.take(bytes, into: &page, limit: limit, kinds: kinds)
            if page.position > before { continue }
            // Not one whole line: the end, or a line longer than what was read.
            if bytes.count < size || bytes.contains(0) { break }
            size *= 2
        }
        return page
    }

    /// Takes whole lines up to the limit. A last line without its end is still being written, or torn: left out.
    private static func take(_ bytes: [UInt8], into page: inout JournalPage, limit: Int, kinds: JournalKinds) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var start = 0
            while page.entries.count < limit, start < buffer.count,
                let found = memchr(base + start, 0x0A, buffer.count - start)
            {
                let end = base.distance(to: found.assumingMemoryBound(to: UInt8.self))
                let line = UnsafeBufferPointer(rebasing: buffer[start..<end])
                if !line.isEmpty && memchr(base + start, 0, line.count) != nil { return }
                // A line of no known kind is damaged: that is for every reader to know.
                if JournalLine.kind(of: line).map({ kinds.contains($0) }) ?? true {
                    page.entries.append(JournalLine.decode(line) ?? damaged(line.count, after: page.entries.last))
                }
                page.position += end + 1 - start
                start = end + 1
            }
        }
    }

    /// What stands in for a line that nobody can read, so that the rest can be.
    private static func damaged(_ count: Int, after entry: JournalEntry?) -> JournalEntry {
        let at: Date? =
            switch entry {
            case .log(let line): line.at
            case .stepStarted(let step): step.at
            case .progress(let progress): progress.at
            default: nil
            }
        return .log(
            LogLine(
                at: at ?? Date(timeIntervalSinceReferenceDate: 0), stream: .engine,
                text: "(An entry of \(count) bytes is damaged and cannot be shown.)"))
    }

    private static func read(_ file: Int32, at offset: Int, _ size: Int, _ path: String) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            while filled < size {
                let count = pread(file, buffer.baseAddress! + filled, size - filled, offset + filled)
                if count < 0 && errno == EINTR { continue }
                if count < 0 { failure = errno }
                if count <= 0 { return }
                filled += count
            }
        }
        guard failure == 0 else { throw POSIXFailure(errno: failure, call: "read").storeError(path) }
        return bytes
    }
}
