import SluiceCore

/// The committed changes of one run as they happen, from the store. Ends after the run has ended.
public struct RunEvents: AsyncSequence, Sendable {
    public typealias Element = RunEvent

    let store: any RunStore
    let run: RunID
    let after: Int64

    public func makeAsyncIterator() -> Iterator {
        // Subscribed before the first look: a commit in between is not missed.
        Iterator(signals: store.signals().makeAsyncIterator(), store: store, run: run, position: after)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private var signals: AsyncStream<Void>.Iterator
        private let store: any RunStore
        private let run: RunID
        private var position: Int64
        private var page: ArraySlice<RunEvent> = []
        private var isOver = false

        init(signals: AsyncStream<Void>.Iterator, store: any RunStore, run: RunID, position: Int64) {
            self.signals = signals
            self.store = store
            self.run = run
            self.position = position
        }

        public mutating func next() async throws -> RunEvent? {
            while page.isEmpty {
                page = try store.events(after: position, run: run, limit: 500)[...]
                guard page.isEmpty else { break }
                if isOver { return nil }
                if await signals.next() == nil { return nil }
            }
            let event = page.removeFirst()
            position = event.sequence
            // A run that has ended may have been reopened: only the last word counts.
            if case .run(let status, _) = event.change { isOver = status.isEnded }
            return event
        }
    }
}
