import Foundation
import Glibc
import SluiceCore
import Synchronization

/// One journal, open for writing.
final class FileJournal: AttemptJournal {
    private struct State: ~Copyable {
        var line = JournalBytes()
        var file: JournalFile
        /// Whether the disk may not have everything yet.
        var isDirty = true
        var isClosed = false
        /// What went wrong in the background; whoever appends or closes next is told.
        var failure: POSIXFailure?
    }

    private let path: String
    private let owner: FileJournals
    private let state: Mutex<State>

    init(path: String, owner: FileJournals) throws(POSIXFailure) {
        self.path = path
        self.owner = owner
        state = Mutex(State(file: try JournalFile(path: path)))
    }

    func append(_ entry: JournalEntry) throws {
        let becameDirty = try state.withLock { state in
            try check(&state)
            guard !state.isClosed else {
                throw StoreError("journal.closed", .fault, "The journal \(path) is closed.")
            }
            state.line.reset()
            try JournalLine.encode(entry, into: &state.line)
            do throws(POSIXFailure) {
                try state.file.append(state.line)
            } catch {
                throw error.storeError(path)
            }
            defer { state.isDirty = true }
            return !state.isDirty
        }
        if becameDirty { owner.noteDirty(self) }
    }

    func close() throws {
        let becameDirty = try state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            try check(&state)
            do throws(POSIXFailure) {
                try state.file.finish()
            } catch {
                throw error.storeError(path)
            }
            defer { state.isDirty = true }
            return !state.isDirty
        }
        if becameDirty { owner.noteDirty(self) }
    }

    /// Brings what was appended to the disk. Only ever called by one thread at a time.
    func synchronise() {
        let descriptor = state.withLock { state in
            state.isDirty = false
            return state.file.descriptor
        }
        // Outside the lock, for a slow disk must not hold up the script. The descriptor lives as long as this object.
        while fdatasync(descriptor) != 0 {
            let failure = POSIXFailure(errno: errno, call: "fdatasync")
            if failure.errno == EINTR { continue }
            state.withLock { $0.failure = failure }
            break
        }
    }

    /// A failure of the background, told once.
    private func check(_ state: inout State) throws(StoreError) {
        guard let failure = state.failure else { return }
        state.failure = nil
        throw failure.storeError(path)
    }
}
