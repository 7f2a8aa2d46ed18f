import Logging
import ServiceLifecycle
import SluiceCore

/// Says in the server's log which runs begin and how they end.
package struct RunLog: Service {
    private let store: any EngineStore
    private let logger: Logger

    package init(store: any EngineStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    package func run() async throws {
        let signals = store.signals()
        let first = try lastSequence()
        let seen = try await cancelWhenGracefulShutdown {
            var seen = first
            for await _ in signals { seen = try tell(after: seen) }
            return seen
        }
        _ = try tell(after: seen)
    }

    /// - Returns: the last event that was told of.
    private func tell(after first: Int64) throws -> Int64 {
        var seen = first
        while true {
            let events = try store.events(after: seen, run: nil, limit: 500)
            for event in events {
                guard case .run(let status, let reason) = event.change, status != .pending else { continue }
                let name = try store.run(event.run)?.run.definition.name ?? ""
                let why = reason.map { ", \($0)" } ?? ""
                logger.info("Run \(event.run) of '\(name)': \(status.label)\(why)")
            }
            guard let last = events.last else { return seen }
            seen = last.sequence
        }
    }

    /// The number of the newest event, found by halving: a store that has run for a year has millions.
    private func lastSequence() throws -> Int64 {
        func isBehind(_ sequence: Int64) throws -> Bool {
            try !store.events(after: sequence, run: nil, limit: 1).isEmpty
        }
        guard try isBehind(0) else { return 0 }
        var low: Int64 = 0
        var high: Int64 = 1
        while try isBehind(high) { (low, high) = (high, high * 2) }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try isBehind(middle) { low = middle } else { high = middle }
        }
        return high
    }
}
