import Foundation
import SluiceCore

/// Starts what schedules say: each ``step()`` takes what is due by the store's clock, decides, plans and commits.
///
/// Nothing is remembered between two steps. An engine that dies between planning and committing has done nothing, and of two
/// engines that decide about a schedule at once the store takes the decision of one.
struct Scheduler: Sendable {
    let store: any EngineStore
    let turns: ScheduleTurn
    /// How many schedules one transaction decides about at most.
    static let batch = 200

    init(store: any EngineStore, planner: RunPlanner) {
        self.store = store
        turns = ScheduleTurn(store: store, planner: planner)
    }

    /// What a step did.
    struct Progress: Sendable, Hashable {
        /// The runs that were submitted.
        var started: [Run] = []
        /// The runs that were told to end.
        var stopped: [RunID] = []
        /// What to do next, and when by the store's clock.
        var next: Next

        enum Next: Sendable, Hashable {
            /// There may be more to do now.
            case now
            /// Nothing before the second of these, which is the present at the first.
            case at(DueTime)
            /// Nothing until the store changes.
            case never
        }

        struct DueTime: Sendable, Hashable {
            var now: Date
            var due: Date
        }
    }

    func step() async throws -> Progress {
        let due = try store.dueSchedules(limit: Self.batch)
        guard !due.schedules.isEmpty else {
            return Progress(next: due.next.map { .at(.init(now: due.now, due: $0)) } ?? .never)
        }
        var steps: [ScheduleStep] = []
        for schedule in due.schedules { steps.append(try await turns.decide(about: schedule, at: due.now)) }
        var progress = Progress(next: .now)
        for (step, commit) in zip(steps, try store.commit(steps)) {
            // Whoever was faster has decided, or left the schedule due for the next step.
            guard case .done(_, let runs) = commit else { continue }
            progress.started += runs
            progress.stopped += step.stops
        }
        return progress
    }
}
