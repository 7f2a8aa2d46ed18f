import Foundation
import Logging
import ServiceLifecycle
import SluiceCore

/// Has runs that are older or more than wanted forgotten: when the server starts, and every hour after.
package struct RetentionService: Service {
    private static let pause = Duration.seconds(3_600)

    private let host: EngineHost
    /// How long runs are kept, in seconds; nil for no bound.
    private let age: Double?
    private let keep: Int?
    private let logger: Logger

    package init(host: EngineHost, age: Double?, keep: Int?, logger: Logger) {
        self.host = host
        self.age = age
        self.keep = keep
        self.logger = logger
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                while true {
                    let bound = age.map { Date(timeIntervalSinceNow: -$0) }
                    let count = try await PruneRuns(Retention(endedBefore: bound, keep: keep)).perform(in: host)
                    if count > 0 { logger.info("Removed \(count) \(count == 1 ? "run" : "runs") beyond what is kept.") }
                    try await Task.sleep(for: Self.pause)
                }
            } catch is CancellationError {
                return
            }
        }
    }
}
