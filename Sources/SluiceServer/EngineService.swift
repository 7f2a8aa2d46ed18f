import Logging
import ServiceLifecycle
import SluiceCore
import SluiceEngine

/// Runs the engine until a graceful shutdown: then no run is taken on, and what runs gets a grace time before it is
/// terminated and recorded.
package struct EngineService: Service {
    private let host: EngineHost
    private let grace: Duration
    private let logger: Logger

    package init(host: EngineHost, grace: Duration, logger: Logger) {
        self.host = host
        self.grace = grace
        self.logger = logger
    }

    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.engine.run() }
            group.addTask {
                do { try await gracefulShutdown() } catch is CancellationError { return }
                try await close()
            }
            // The engine's end ends the waiting; the waiting's end waits for the engine.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func close() async throws {
        host.gate.close()
        // Nothing more is leased from here on, and the engine ends by itself with the last attempt.
        host.engine.drain()
        host.engine.stopSchedules()
        let running = try attemptsUnderWay()
        if running == 0 {
            logger.info("Stopping.")
        } else {
            let who = running == 1 ? "one task runs and gets" : "\(running) tasks run and get"
            logger.info("Stopping: \(who) \(grace) to end.")
        }
        do {
            try await Task.sleep(for: grace)
        } catch is CancellationError {
            return
        }
        if try attemptsUnderWay() > 0 {
            logger.warning("The grace time is over: what still runs is terminated.")
        }
        host.engine.close()
    }

    /// Every attempt under way holds a lease.
    private func attemptsUnderWay() throws -> Int { try host.store.expiredLeases { _ in true }.count }
}
