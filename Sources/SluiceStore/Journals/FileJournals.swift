import Dispatch
import Foundation
import Glibc
import SluiceCore
import Synchronization

/// Journals as files: `<root>/<run>/<task>.<attempt>.jsonl`, a line an entry.
///
/// Every entry is in the kernel's hands when its append returns. One background queue brings all journals that have
/// grown to the disk together, so that the price of the disk is paid a few times a second and not once a line.
final class FileJournals: Sendable {
    /// How long an entry may wait for the disk; the disk itself needs the rest of the promised 100 ms.
    private static let delay = DispatchTimeInterval.milliseconds(70)

    private struct State {
        var dirty: [FileJournal] = []
        /// Folders that have got a new name.
        var folders: Set<String> = []
        var isScheduled = false
        var isClosed = false
        /// A folder that could not be synchronised; told to whoever opens a journal or closes the store next.
        var failure: StoreError?
    }

    private let root: String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sluice.journals")

    init(root: URL) {
        self.root = root.standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/")
    }

    func openJournal(of attempt: AttemptID) throws -> any AttemptJournal {
        try state.withLock { state in
            if state.isClosed { throw StoreError.closed() }
            try Self.tell(&state.failure)
        }
        let path = path(of: attempt)
        do throws(POSIXFailure) {
            let folder = "\(root)/\(attempt.run)"
            let journal = try open(path, in: folder)
            state.withLock { _ = $0.folders.insert(folder) }
            noteDirty(journal)
            return journal
        } catch {
            throw error.storeError(path)
        }
    }

    /// Ends the background's work: on return everything that was appended lies on the disk.
    func close() throws {
        state.withLock { $0.isClosed = true }
        queue.sync { synchronise() }
        try state.withLock { try Self.tell(&$0.failure) }
    }

    /// Has `journal` brought to the disk before long.
    func noteDirty(_ journal: FileJournal) {
        let isFirst = state.withLock { state in
            state.dirty.append(journal)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.delay) { self.synchronise() } }
    }

    private func synchronise() {
        let (journals, folders) = state.withLock { state in
            defer {
                state.dirty = []
                state.folders = []
                state.isScheduled = false
            }
            return (state.dirty, state.folders)
        }
        for journal in journals { journal.synchronise() }
        for folder in folders {
            do throws(POSIXFailure) {
                try POSIXFile.syncFolder(folder)
            } catch {
                state.withLock { $0.failure = error.storeError(folder) }
            }
        }
    }

    private func open(_ path: String, in folder: String) throws(POSIXFailure) -> FileJournal {
        do throws(POSIXFailure) {
            return try FileJournal(path: path, owner: self)
        } catch {
            guard error.errno == ENOENT else { throw error }
        }
        try POSIXFile.makeFolder(root)
        try POSIXFile.makeFolder(folder)
        state.withLock { state in
            state.folders.insert(root)
            state.folders.insert(URL(filePath: root).deletingLastPathComponent().path(percentEncoded: false))
        }
        return try FileJournal(path: path, owner: self)
    }

    private static func tell(_ failure: inout StoreError?) throws {
        guard let error = failure else { return }
        failure = nil
        throw error
    }

    /// Removes the journals of a run.
    func remove(_ run: RunID) throws { try FileTree.remove("\(root)/\(run)") }

    func path(of attempt: AttemptID) -> String {
        "\(root)/\(attempt.run)/\(AttemptFileName.stem(of: attempt)).jsonl"
    }
}
