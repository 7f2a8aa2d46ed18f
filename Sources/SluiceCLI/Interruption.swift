import Foundation

/// Ctrl-C and SIGTERM while something is under way that should end in good order.
enum Interruption {
    /// Runs `body`. The first signal calls `first`, the second ends this process.
    static func handled<Result: Sendable>(
        _ first: @escaping @Sendable () async -> Void, while body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let (signals, arrived) = AsyncStream<Void>.makeStream()
        let queue = DispatchQueue(label: "sluice.interruption")
        let count = Counter()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard count.next() == 1 else { _exit(128 + number) }
                arrived.yield()
            }
            source.resume()
            return source
        }
        defer {
            sources.forEach { $0.cancel() }
            for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await _ in signals { await first() }
                return nil
            }
            group.addTask { try await body() }
            while let ended = try await group.next() {
                if let result = ended { return result }
            }
            throw CancellationError()
        }
    }

    /// Counts on one queue only, which is what makes it safe.
    private final class Counter: @unchecked Sendable {
        private var value = 0
        func next() -> Int {
            value += 1
            return value
        }
    }
}
