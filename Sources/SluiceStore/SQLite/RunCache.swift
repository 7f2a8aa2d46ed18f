import SluiceCore
import Synchronization

/// The runs that a handle has seen lately, so that moving one of a thousand tasks does not read the other 999.
///
/// An entry is only as good as its version: every user compares it with the row's before trusting it.
final class RunCache: Sendable {
    struct Entry {
        var version: Int64
        var state: RunState
    }

    private struct Contents {
        var entries: [RunID: Entry] = [:]
        /// Least recently stored first.
        var order: [RunID] = []
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    init(limit: Int) { self.limit = limit }

    func entry(for run: RunID, version: Int64) -> Entry? {
        contents.withLock { contents in
            guard let entry = contents.entries[run], entry.version == version else { return nil }
            return entry
        }
    }

    /// Keeps what has been committed, or read in a transaction.
    func store(_ entry: Entry) {
        let run = entry.state.run.id
        contents.withLock { contents in
            if let known = contents.entries[run], known.version > entry.version { return }
            contents.order.removeAll { $0 == run }
            // An ended run moves no more; whoever shows it reads it.
            guard !entry.state.run.status.isEnded else {
                contents.entries[run] = nil
                return
            }
            contents.entries[run] = entry
            contents.order.append(run)
            if contents.order.count > limit { contents.entries[contents.order.removeFirst()] = nil }
        }
    }
}
