import Synchronization

/// How many clients are connected.
final class ConnectionCount: Sendable {
    private let limit: Int
    private let connected = Mutex(0)
    private let endings: AsyncStream<Void>
    private let ending: AsyncStream<Void>.Continuation

    init(limit: Int) {
        self.limit = limit
        (endings, ending) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Counts one more.
    ///
    /// - Returns: whether there is room for it.
    func begin() -> Bool {
        connected.withLock { count in
            count += 1
            return count <= limit
        }
    }

    func end() {
        connected.withLock { $0 -= 1 }
        ending.yield()
    }

    /// Returns once nobody is connected, or when `patience` has passed. For one waiter.
    func untilNone(atMost patience: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                var endings = endings.makeAsyncIterator()
                while connected.withLock({ $0 }) > 0, await endings.next() != nil {}
            }
            group.addTask {
                // Cut short only by the end of the waiting.
                do { try await Task.sleep(for: patience) } catch {}
            }
            await group.next()
            group.cancelAll()
        }
    }
}
