import Foundation
import SluiceCore
import Synchronization

/// A clock that stands still until it is moved.
public final class ManualClock: WallClock {
    private let time: Mutex<Date>

    /// - Parameter start: what it shows first; without one a winter day of 2026, on a whole second.
    public init(_ start: Date = Date(timeIntervalSinceReferenceDate: 790_000_000)) {
        time = Mutex(start)
    }

    public var now: Date { time.withLock { $0 } }

    /// Moves the clock on, or back when `duration` is negative.
    public func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        time.withLock { $0 += TimeInterval(seconds) + TimeInterval(attoseconds) * 1e-18 }
    }

    /// Sets the clock.
    public func set(to date: Date) { time.withLock { $0 = date } }
}
