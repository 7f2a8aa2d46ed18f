import Foundation
import SluiceCore

/// A schedule with what a person wants to know beside it.
package struct ScheduleInfo: Codable, Sendable, Hashable {
    package var schedule: StoredSchedule
    /// Nil when the job is not there any more.
    package var jobName: String?
    /// The next occurrence's nominal time, on the store's clock; nil when there is none or it waits for an event.
    package var next: Date?

    init(_ schedule: StoredSchedule, in host: EngineHost) throws {
        self.schedule = schedule
        jobName = try host.store.job(schedule.job)?.definition.name
        next = schedule.trigger.schedule?.next(after: host.store.now)?.nominal
    }
}

/// A time at which a schedule says to run.
package struct PreviewedOccurrence: Codable, Sendable, Hashable {
    package var nominal: Date
    /// The local time with its distance from UTC, as ISO 8601 writes it.
    package var local: String
    /// What the clocks do then.
    package var mark: Occurrence.Mark
    /// The local time that the schedule names, when the clock skips it.
    package var intended: String?
    /// Its run, when it had one already.
    package var run: RunID?

    package init(_ occurrence: Occurrence, run: RunID? = nil) {
        nominal = occurrence.nominal
        local = occurrence.localText
        mark = occurrence.mark
        intended = mark == .gapMoved ? "\(occurrence.intended)" : nil
        self.run = run
    }
}

/// The record of an occurrence with the state of its run.
package struct OccurrenceInfo: Codable, Sendable, Hashable {
    package var record: OccurrenceRecord
    /// Nil when it has no run.
    package var status: RunStatus?
}

/// What a backfill does, or would do.
package struct BackfillPlan: Codable, Sendable, Hashable {
    package var schedule: StoredSchedule
    /// The first ones of the range.
    package var occurrences: [PreviewedOccurrence]
    /// How many the range has in all.
    package var total: Int
    /// Nil for a dry run.
    package var number: Int?
}
