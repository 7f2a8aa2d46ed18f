import Foundation
import Glibc
import SluiceCore
import Synchronization

/// Journals as files: `<root>/<run>/<task>.<attempt>.jsonl`, a line of JSON an entry.
final class FileJournals: Sendable {
    private let root: String

    init(root: URL) {
        self.root = root.standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/")
    }

    func openJournal(of attempt: AttemptID) throws -> any AttemptJournal {
        let path = path(of: attempt)
        do throws(POSIXFailure) {
            try POSIXFile.makeFolder(root)
            try POSIXFile.makeFolder("\(root)/\(attempt.run)")
            return try FileJournal(path: path)
        } catch {
            throw error.storeError(path)
        }
    }

    func journal(of attempt: AttemptID, after position: Int, limit: Int) throws -> JournalPage {
        let path = path(of: attempt)
        do {
            let bytes = try POSIXFile.contents(of: path) ?? []
            var page = JournalPage(entries: [], position: position)
            while page.entries.count < limit, page.position < bytes.count,
                let end = bytes[page.position...].firstIndex(of: 0x0A)
            {
                page.entries.append(
                    try JSONDecoder().decode(JournalEntry.self, from: Data(bytes[page.position..<end])))
                page.position = end + 1
            }
            return page
        } catch let failure as POSIXFailure {
            throw failure.storeError(path)
        }
    }

    func close() throws {}

    private func path(of attempt: AttemptID) -> String {
        "\(root)/\(attempt.run)/\(AttemptFileName.stem(of: attempt)).jsonl"
    }
}

/// One journal, open for writing.
final class FileJournal: AttemptJournal {
    private let path: String
    private let descriptor: Mutex<Int32?>

    init(path: String) throws(POSIXFailure) {
        self.path = path
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw POSIXFailure(errno: errno, call: "open") }
        descriptor = Mutex(file)
    }

    func append(_ entry: JournalEntry) throws {
        var bytes = try JSONEncoder().encode(entry)
        bytes.append(0x0A)
        try descriptor.withLock { file in
            guard let file else { throw StoreError("journal.closed", .fault, "The journal \(path) is closed.") }
            do throws(POSIXFailure) {
                try POSIXFile.writeAll(Array(bytes), to: file)
            } catch {
                throw error.storeError(path)
            }
        }
    }

    func close() throws {
        try descriptor.withLock { file in
            guard let open = file else { return }
            file = nil
            defer { Glibc.close(open) }
            guard fdatasync(open) == 0 else { throw POSIXFailure(errno: errno, call: "fdatasync").storeError(path) }
        }
    }
}
