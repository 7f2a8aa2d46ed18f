import Foundation

/// What attempts say: one append-only journal for each attempt.
public protocol LogStore: Sendable {
    /// Opens the journal of an attempt for writing.
    func openJournal(of attempt: AttemptID) throws -> any AttemptJournal

    /// Reads a journal from a position, also while it is being written; empty when there is none.
    ///
    /// - Parameters:
    ///   - position: where the last page ended; 0 for the beginning.
    ///   - kinds: which entries are wanted; the others cost next to nothing and do not count towards `limit`.
    func journal(of attempt: AttemptID, after position: Int, limit: Int, kinds: JournalKinds) throws -> JournalPage
}

extension LogStore {
    /// As ``journal(of:after:limit:kinds:)`` for entries of every kind.
    public func journal(of attempt: AttemptID, after position: Int, limit: Int) throws -> JournalPage {
        try journal(of: attempt, after: position, limit: limit, kinds: .all)
    }
}

/// An attempt's journal, open for writing.
public protocol AttemptJournal: Sendable {
    /// Appends. On return the entry survives the death of this process; within 100 ms also that of the machine.
    func append(_ entry: JournalEntry) throws
    /// Ends the journal. Safe to call twice.
    func close() throws
}

/// A stretch of a journal.
public struct JournalPage: Sendable, Hashable {
    public var entries: [JournalEntry]
    /// Where to read on.
    public var position: Int

    public init(entries: [JournalEntry], position: Int) {
        self.entries = entries
        self.position = position
    }
}

/// Files that attempts keep with their run.
public protocol ArtifactStore: Sendable {
    /// Copies the file at `file`.
    ///
    /// - Parameter name: a file name, no path; the same name again replaces it.
    func keepArtifact(_ file: URL, name: String, of attempt: AttemptID) throws -> Artifact

    /// What the attempt has kept, by name.
    func artifacts(of attempt: AttemptID) throws -> [Artifact]
}

/// Everything durable that an engine stands on.
public typealias EngineStore = RunStore & JobStore & ScheduleStore & CatalogueIndex & LogStore & ArtifactStore
    & RetentionStore
