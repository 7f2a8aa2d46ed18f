import Foundation
import Synchronization

/// Wakes everybody who watches one storage, whichever handle of this process commits.
final class Signals: Sendable {
    private struct Subscriber {
        var handle: ObjectIdentifier
        var continuation: AsyncStream<Void>.Continuation
    }

    private struct State {
        var last = 0
        var subscribers: [Int: Subscriber] = [:]
    }

    private let state = Mutex(State())

    /// A stream that yields after every commit; commits that nobody has looked at yet share one element.
    ///
    /// - Parameter handle: whose closing ends the stream.
    func stream(for handle: AnyObject) -> AsyncStream<Void> {
        let owner = ObjectIdentifier(handle)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.last += 1
            state.subscribers[state.last] = Subscriber(handle: owner, continuation: continuation)
            return state.last
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    func fire() {
        let subscribers = state.withLock { Array($0.subscribers.values) }
        for subscriber in subscribers { subscriber.continuation.yield() }
    }

    /// Ends the streams of a handle that is being closed.
    func finish(_ handle: AnyObject) {
        let owner = ObjectIdentifier(handle)
        let ended = state.withLock { state in
            let ended = state.subscribers.filter { $0.value.handle == owner }
            for number in ended.keys { state.subscribers[number] = nil }
            return ended.values.map(\.continuation)
        }
        // Outside the lock, because ending a stream calls back into `remove`.
        for continuation in ended { continuation.finish() }
    }

    private func remove(_ number: Int) {
        state.withLock { _ = $0.subscribers.removeValue(forKey: number) }
    }
}

extension Signals {
    private struct Shared {
        weak var signals: Signals?
    }

    private static let byPath = Mutex<[String: Shared]>([:])

    /// The one of all handles in this process on the file at `path`, which is canonical.
    static func shared(at path: String) -> Signals {
        byPath.withLock { table in
            if let signals = table[path]?.signals { return signals }
            table = table.filter { $0.value.signals != nil }
            let signals = Signals()
            table[path] = Shared(signals: signals)
            return signals
        }
    }
}
