import Foundation
import SluiceCore
import SluiceEngine

/// Has the occurrences of a past range run that have had no run.
package struct BackfillSchedule: EngineOperation {
    package static let name = "schedules.backfill"
    /// How many occurrences an answer lists.
    package static let listed = 1_000
    package var job: String
    package var number: ScheduleID?
    /// The bounds of the range, both included, as ``ScheduleZone/instant(_:isEnd:)`` reads them.
    package var from: String
    package var through: String
    /// How many of its runs are open at a time.
    package var concurrency: Int
    /// Whether nothing is written.
    package var isDryRun: Bool

    package init(
        of job: String, _ number: ScheduleID?, from: String, through: String, concurrency: Int, isDryRun: Bool
    ) {
        self.job = job
        self.number = number
        self.from = from
        self.through = through
        self.concurrency = concurrency
        self.isDryRun = isDryRun
    }

    /// - Throws: ``RequestError`` `backfill.range`, `backfill.future`, `backfill.empty`, `backfill.concurrency`.
    package func perform(in host: EngineHost) throws -> BackfillPlan {
        let (stored, schedule) = try JobSchedules(job, in: host).timed(number)
        let first = try RequestError.instant(from, in: schedule.zone, option: "--from")
        let last = try RequestError.instant(through, in: schedule.zone, option: "--to", isEnd: true)
        try check(first, last, now: host.store.now)
        let range = schedule.backfill(from: first, through: last, limit: Self.listed)
        guard range.total > 0 else {
            throw RequestError(
                "backfill.empty", .badInput, "The schedule runs \(schedule), and no such time lies in that range.")
        }
        var plan = BackfillPlan(
            schedule: stored,
            occurrences: try range.occurrences.map { occurrence in
                PreviewedOccurrence(
                    occurrence, run: try host.store.occurrence(of: stored.id, at: occurrence.nominal)?.run)
            },
            total: range.total)
        guard !isDryRun else { return plan }
        let changed = try host.store.change(stored.id) { schedule, now in
            schedule.backfilling(
                from: first, through: last, concurrency: concurrency, by: host.person.name, at: now)
        }
        guard let changed else { throw RequestError.unknownSchedule(stored.id) }
        plan.schedule = changed
        plan.number = changed.state.lastBackfill
        return plan
    }

    private func check(_ first: Date, _ last: Date, now: Date) throws(RequestError) {
        guard first <= last else {
            throw RequestError("backfill.range", .badInput, "The range ends before it begins.")
        }
        guard last <= now else {
            throw RequestError(
                "backfill.future", .badInput, "A backfill is about the past; the range ends later than now.")
        }
        let allowed = StoredSchedule.Backfill.concurrencies
        guard allowed.contains(concurrency) else {
            throw RequestError(
                "backfill.concurrency", .badInput,
                "A backfill has \(allowed.lowerBound) to \(allowed.upperBound) runs at a time, not \(concurrency).")
        }
    }
}
