import SluiceCore

/// Reads an attempt's journal from a position, also while it is being written.
package struct ReadJournal: EngineOperation {
    package static let name = "journals.read"
    /// The most entries that one answer holds.
    package static let pageLimit = 2_000
    /// Past this an answer takes no further entries, in bytes of text.
    private static let sizeLimit = 4 << 20

    package var attempt: AttemptID
    /// Where the last stretch ended; 0 for the beginning.
    package var after: Int
    /// Which entries are wanted.
    package var kinds: JournalKinds

    package init(_ attempt: AttemptID, after: Int, kinds: JournalKinds = .all) {
        self.attempt = attempt
        self.after = after
        self.kinds = kinds
    }

    package func perform(in host: EngineHost) throws -> JournalStretch {
        var stretch = JournalStretch(entries: [], position: after)
        var size = 0
        // Most journals are short lines, some are wide rows: the pages grow while they turn out small.
        var next = 64
        while stretch.entries.count < Self.pageLimit, size < Self.sizeLimit {
            let limit = min(next, Self.pageLimit - stretch.entries.count)
            let page = try host.store.journal(of: attempt, after: stretch.position, limit: limit, kinds: kinds)
            guard page.position > stretch.position else { break }
            stretch.entries += page.entries
            stretch.position = page.position
            size = page.entries.reduce(size) { $0 + $1.roughSize }
            next = size < Self.sizeLimit / 16 ? Self.pageLimit : next
        }
        return stretch
    }
}

extension JournalEntry {
    /// In bytes, as far as texts go.
    fileprivate var roughSize: Int {
        switch self {
        case .log(let line): line.text.utf8.count
        case .stepStarted(let step): step.text.utf8.count
        case .stepEnded(let end): end.failure.map { $0.message.utf8.count + ($0.detail?.utf8.count ?? 0) } ?? 0
        case .preview(let preview): preview.rows.reduce(0) { $0 + $1.reduce(0) { $0 + $1.roughSize } }
        case .progress(let progress): progress.text.utf8.count
        case .artifact(let artifact): artifact.path.utf8.count
        }
    }
}

extension JSONValue {
    fileprivate var roughSize: Int {
        switch self {
        case .null, .bool, .integer, .number: 8
        case .string(let text): text.utf8.count
        case .array(let elements): elements.reduce(0) { $0 + $1.roughSize }
        case .object(let fields): fields.reduce(0) { $0 + $1.key.utf8.count + $1.value.roughSize }
        }
    }
}

/// The files that an attempt has kept, by name.
package struct ListArtifacts: EngineOperation {
    package static let name = "artifacts.list"
    package var attempt: AttemptID

    package init(_ attempt: AttemptID) { self.attempt = attempt }

    package func perform(in host: EngineHost) throws -> [Artifact] { try host.store.artifacts(of: attempt) }
}
