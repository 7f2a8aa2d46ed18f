import Foundation
import SluiceCore

/// How an engine behaves.
public struct EngineConfiguration: Sendable {
    /// How many attempts this engine runs at a time, over all pools.
    public var maximumAttempts: Int
    /// How long a lease lives without being renewed.
    public var leaseDuration: Duration
    /// How often leases are renewed; three missed ones and the lease is gone.
    public var heartbeat: Duration
    /// Whether this engine is the only one on its store, so that every other worker's lease is a dead worker's.
    public var isAlone: Bool
    /// The name under which it leases; unique among all engines that ever used the store.
    public var worker: String
    /// Whether it runs what is submitted to it and nothing else: its runs end with it, and those of other engines wait for
    /// them. For a process that comes and goes, such as one command.
    public var isPassing = false
    /// Whether it starts what schedules say. An engine that ``isPassing`` never does.
    public var followsSchedules = true

    public init(
        maximumAttempts: Int = 64, leaseDuration: Duration = .seconds(15), heartbeat: Duration = .seconds(5),
        isAlone: Bool = true, worker: String = Self.uniqueWorkerName()
    ) {
        self.maximumAttempts = maximumAttempts
        self.leaseDuration = leaseDuration
        self.heartbeat = heartbeat
        self.isAlone = isAlone
        self.worker = worker
    }

    /// A name that no other engine has: process number and a random part.
    public static func uniqueWorkerName() -> String {
        "\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8).lowercased())"
    }
}
