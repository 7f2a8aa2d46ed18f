import Foundation
import SluiceCore
import Synchronization

/// What the handles of a memory store share. It goes with the last of them.
final class MemoryStorage: Sendable {
    struct Contents {
        var runs = MemoryRuns()
        var lastJob: Int64 = 0
        /// Every version of every job, oldest first.
        var jobs: [JobID: [StoredJob]] = [:]
        var catalogue = MemoryCatalogue()
        var journals: [AttemptID: [JournalEntry]] = [:]
    }

    let signals = Signals()
    /// Artifacts are files, so even here they need a folder.
    let artifacts: FileArtifacts
    private let folder: URL
    private let contents = Mutex(Contents())

    init() {
        folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        artifacts = FileArtifacts(root: folder)
    }

    deinit {
        // Made only when an artifact was kept, and nothing that another store would look for.
        try? FileManager.default.removeItem(at: folder)
    }

    /// One transaction over everything but the runs: what `body` did is undone when it throws.
    func transaction<Result>(_ body: (inout Contents) throws -> Result) throws -> Result {
        try contents.withLock { contents in
            var copy = contents
            let result = try body(&copy)
            contents = copy
            return result
        }
    }

    /// One transaction over the runs.
    func runTransaction<Result: Sendable>(
        at now: Date, _ body: (inout MemoryRuns) throws -> Result
    ) throws -> (Result, hasWritten: Bool) {
        try contents.withLock { try $0.runs.transaction(at: now, body) }
    }

    func look<Result>(_ body: (borrowing Contents) throws -> Result) rethrows -> Result {
        try contents.withLock { try body($0) }
    }

    func appendToJournal(of attempt: AttemptID, _ entry: JournalEntry) {
        contents.withLock { $0.journals[attempt, default: []].append(entry) }
    }
}

/// The catalogue of a memory store.
struct MemoryCatalogue {
    var entries: [String: CatalogueEntry] = [:]
    var contents: [ContentHash: Data] = [:]
    var snapshots: [ContentHash: CatalogueSnapshot] = [:]
    /// The snapshot of the list as it stands; nil once that has changed.
    var pinned: CatalogueSnapshot?
    var locations: [String: String] = [:]

    mutating func apply(_ update: CatalogueUpdate) throws(StoreError) -> [String: String] {
        for name in update.removed where entries[name]?.script.source == update.source {
            entries[name] = nil
            pinned = nil
        }
        contents.merge(update.contents) { known, _ in known }
        var refused: [String: String] = [:]
        for entry in update.put {
            let name = entry.script.name
            let listed = entries[name]?.script
            if let owner = listed?.source, owner != update.source {
                refused[name] = owner
                continue
            }
            guard contents[entry.script.version.hash] != nil else {
                throw .contentMissing(entry.script.version.hash)
            }
            if listed?.version != entry.script.version { pinned = nil }
            entries[name] = entry
            entries[name]?.script.source = update.source
        }
        return refused
    }

    mutating func pin() -> CatalogueSnapshot {
        if let pinned { return pinned }
        let snapshot = CatalogueSnapshot(entries.values.map(\.script.version))
        snapshots[snapshot.id] = snapshot
        pinned = snapshot
        return snapshot
    }
}
