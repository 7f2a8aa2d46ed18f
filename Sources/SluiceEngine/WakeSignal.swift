import Synchronization

/// Lets one loop sleep until somebody has something for it.
///
/// Deliberately deaf to cancellation: a loop that is being shut down still has outcomes to commit.
final class WakeSignal: Sendable {
    private enum State {
        case idle
        case raised
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// Wakes the loop, or lets its next ``wait()`` return at once.
    func raise() {
        let sleeper: CheckedContinuation<Void, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .idle
                return continuation
            }
            state = .raised
            return nil
        }
        sleeper?.resume()
    }

    /// Returns once the signal has been raised since the last return. One waiter at a time.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if case .raised = state {
                    state = .idle
                    return true
                }
                state = .waiting(continuation)
                return false
            }
            if isRaised { continuation.resume() }
        }
    }
}
