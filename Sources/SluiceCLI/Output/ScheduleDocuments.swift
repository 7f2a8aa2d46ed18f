import Foundation
import Sluice
import SluiceServer

struct ScheduleDocument: Document {
    struct Occurrence: Encodable {
        var first: Date
        var last: Date
        var count: Int
        var outcome: OccurrenceRecord.Outcome
        var reason: String?
        var detail: String?
        var run: RunID?
        var status: RunStatus?
        var backfill: Int?
        var decidedAt: Date
    }

    var id: ScheduleID
    var job: JobID
    var name: String?
    /// A schedule's JSON form, or another trigger's.
    var trigger: Trigger
    var description: String
    var owner: String
    var next: Date?
    var pause: SchedulePause?
    var failures: Int
    var waiting: [Date]
    var backfills: [StoredSchedule.Backfill]
    var createdAt: Date
    var updatedAt: Date
    var occurrences: [Occurrence]?

    init(_ info: ScheduleInfo, occurrences: [OccurrenceInfo]? = nil) {
        let schedule = info.schedule
        id = schedule.id
        job = schedule.job
        name = info.jobName
        trigger = schedule.trigger
        description = "\(schedule.trigger)"
        owner = schedule.owner
        next = info.next
        pause = schedule.state.pause
        failures = schedule.state.failures
        waiting = schedule.state.buffered
        backfills = schedule.backfills
        createdAt = schedule.createdAt
        updatedAt = schedule.updatedAt
        self.occurrences = occurrences?.map {
            Occurrence(
                first: $0.record.first, last: $0.record.last, count: $0.record.count, outcome: $0.record.outcome,
                reason: $0.record.reason, detail: $0.record.detail, run: $0.record.run, status: $0.status,
                backfill: $0.record.backfill, decidedAt: $0.record.decidedAt)
        }
    }
}

struct ScheduleListDocument: Document {
    var schedules: [ScheduleDocument]

    init(schedules: [ScheduleDocument]) { self.schedules = schedules }

    init(_ schedules: [ScheduleInfo]) { self.schedules = schedules.map { ScheduleDocument($0) } }
}

struct SchedulePreviewDocument: Document {
    var schedule: Schedule
    var description: String
    var occurrences: [PreviewedOccurrence]

    init(_ answer: PreviewSchedule.Answer) {
        schedule = answer.schedule
        description = "\(answer.schedule)"
        occurrences = answer.occurrences
    }
}

struct BackfillDocument: Document {
    var schedule: ScheduleID
    var backfill: Int?
    var total: Int
    var occurrences: [PreviewedOccurrence]

    init(_ plan: BackfillPlan) {
        schedule = plan.schedule.id
        backfill = plan.number
        total = plan.total
        occurrences = plan.occurrences
    }
}
