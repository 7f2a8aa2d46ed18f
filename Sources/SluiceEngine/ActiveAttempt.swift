import SluiceCore
import Synchronization

/// An attempt that this engine runs, and the means to stop it.
final class ActiveAttempt: Sendable {
    /// Why an attempt is stopped before its time.
    enum StopReason: Sendable, Hashable {
        case stopped(by: String)
        /// A limit of time; which one stands in the run.
        case timedOut
        case leaseLost
        case shutdown
    }

    let leased: LeasedTask
    private let reason = Mutex<StopReason?>(nil)
    private let stopped: AsyncStream<Never>
    private let stopping: AsyncStream<Never>.Continuation

    init(_ leased: LeasedTask) {
        self.leased = leased
        (stopped, stopping) = AsyncStream.makeStream()
    }

    var id: AttemptID { leased.lease.attempt }
    var stopReason: StopReason? { reason.withLock { $0 } }

    /// Tells the attempt to end. The first reason counts.
    func stop(_ why: StopReason) {
        reason.withLock { $0 = $0 ?? why }
        stopping.finish()
    }

    /// Returns when the attempt is told to end, or the calling task is cancelled.
    func waitForStop() async {
        for await _ in stopped {}
    }
}
