import Foundation
import Synchronization

/// Tells a session from another thread to stop. Once cancelled it stays so.
public final class SQLCancellation: Sendable {
    private struct State {
        var interrupt: (@Sendable () -> Void)?
    }

    private let flag = Atomic(false)
    private let state = Mutex(State())
    private let woken = Wakeup()

    public init() {}

    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Stops what runs, and whatever is started later. From any thread, more than once.
    public func cancel() {
        flag.store(true, ordering: .sequentiallyConsistent)
        // Under the lock: a session that is just closing must not be interrupted afterwards.
        state.withLock { $0.interrupt?() }
        woken.signal()
    }

    /// Sets what ``cancel()`` calls; nil before a session closes. Called at once when it is cancelled already.
    public func onCancel(_ interrupt: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.interrupt = interrupt
            if isCancelled { interrupt?() }
        }
    }

    /// Sleeps, unless or until cancelled.
    ///
    /// - Returns: false when cancelled.
    public func sleep(milliseconds: Int) -> Bool {
        woken.wait(milliseconds: milliseconds)
        return !isCancelled
    }
}

/// A flag that threads can wait for.
///
/// `@unchecked Sendable`: the only mutable state is `raised`, read and written under the condition's lock.
private final class Wakeup: @unchecked Sendable {
    private let condition = NSCondition()
    private var raised = false

    func signal() {
        condition.lock()
        raised = true
        condition.broadcast()
        condition.unlock()
    }

    func wait(milliseconds: Int) {
        let deadline = Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)
        condition.lock()
        while !raised, condition.wait(until: deadline) {}
        condition.unlock()
    }
}
