import Dispatch
import Foundation
import Synchronization

/// Raises a signal when an instant has come.
///
/// Setting it often costs nothing: only an instant before those that are set already starts a timer. One that rings for
/// nothing does no harm.
final class Alarm: Sendable {
    private let signal: WakeSignal
    /// The earliest instant that a timer is running for.
    private let next = Mutex<Date?>(nil)
    private let queue = DispatchQueue(label: "sluice.alarm")
    /// A clock that was set forward is noticed within this time.
    private static let longest: TimeInterval = 60

    init(_ signal: WakeSignal) { self.signal = signal }

    func set(_ instant: Date, now: Date) {
        let instant = min(instant, now + Self.longest)
        let isEarlier = next.withLock { next in
            guard next.map({ instant < $0 }) ?? true else { return false }
            next = instant
            return true
        }
        guard isEarlier else { return }
        queue.asyncAfter(deadline: .now() + max(0, instant.timeIntervalSince(now))) {
            self.next.withLock { if $0 == instant { $0 = nil } }
            self.signal.raise()
        }
    }
}
