import Logging
import SluiceCore
import Synchronization

/// Drives a ``Scheduler``: steps, then sleeps until something is due or the store has changed.
final class ScheduleLoop: Sendable {
    private let scheduler: Scheduler
    private let logger: Logger
    private let signal = WakeSignal()
    private let alarm: Alarm
    private let isClosed = Mutex(false)

    init(_ scheduler: Scheduler, logger: Logger) {
        self.scheduler = scheduler
        self.logger = logger
        alarm = Alarm(signal)
    }

    /// Has the loop look at the store.
    func wake() { signal.raise() }

    /// Ends the loop after the step that it is in.
    func close() {
        isClosed.withLock { $0 = true }
        signal.raise()
    }

    /// - Parameter stop: is given runs whose end a step has committed, for those who execute them.
    func run(stop: ([RunID]) -> Void) async throws {
        while !isClosed.withLock({ $0 }) {
            let progress = try await scheduler.step()
            stop(progress.stopped)
            for run in progress.started {
                logger.debug("Run \(run.id) of '\(run.definition.name)' starts: \(run.trigger.rawValue).")
            }
            switch progress.next {
            case .now: continue
            case .at(let time): alarm.set(time.due, now: time.now)
            case .never: break
            }
            await signal.wait()
        }
    }
}
