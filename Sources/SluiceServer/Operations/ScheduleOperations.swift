import Foundation
import SluiceCore
import SluiceEngine

/// Sets a schedule, or another trigger, of a saved job.
package struct SaveSchedule: EngineOperation {
    /// What becomes of the schedules that the job has.
    package enum Place: Codable, Sendable, Hashable {
        /// Its only one is replaced, if it has one.
        case only
        /// They stay.
        case another
        /// This one is replaced.
        case number(ScheduleID)
    }

    package static let name = "schedules.save"
    /// A name or a number.
    package var job: String
    package var trigger: Trigger
    package var place: Place

    package init(_ trigger: Trigger, of job: String, place: Place) {
        self.trigger = trigger
        self.job = job
        self.place = place
    }

    /// - Throws: ``DefinitionError`` for a schedule that can never run; ``RequestError`` `job.draft`,
    ///   `schedule.several`, `schedule.unknown`, `schedule.own-job`.
    package func perform(in host: EngineHost) throws -> ScheduleInfo {
        let store = host.store
        let job = try FindJob(job).perform(in: host)
        guard job.status == .saved else {
            throw RequestError(
                "job.draft", .conflict,
                "'\(job.definition.name)' is a draft, and drafts do not run. Save it to Jobs first.")
        }
        switch trigger {
        case .time(let schedule): try schedule.validate(at: store.now)
        case .job(let end):
            guard end.job != job.id else {
                throw RequestError(
                    "schedule.own-job", .badInput, "A job that starts after itself would never come to rest.")
            }
            _ = try FindJob("\(end.job)").perform(in: host)
        case .object: break
        }
        switch place {
        case .another: return try added(to: job, in: host)
        case .number(let id): return try replaced(id, of: job, in: host)
        case .only:
            let own = try store.schedules(ScheduleQuery(job: job.id))
            guard let first = own.first else { return try added(to: job, in: host) }
            guard own.count == 1 else { throw RequestError.severalSchedules(of: job, own) }
            return try replaced(first.id, of: job, in: host)
        }
    }

    private func added(to job: StoredJob, in host: EngineHost) throws -> ScheduleInfo {
        try ScheduleInfo(try host.store.addSchedule(trigger, of: job.id, owner: host.person.name), in: host)
    }

    private func replaced(_ id: ScheduleID, of job: StoredJob, in host: EngineHost) throws -> ScheduleInfo {
        let changed = try host.store.change(id) { schedule, now in
            guard schedule.job == job.id else { throw RequestError.unknownSchedule(id, of: job) }
            return schedule.replacing(trigger, at: now)
        }
        guard let changed else { throw RequestError.unknownSchedule(id, of: job) }
        return try ScheduleInfo(changed, in: host)
    }
}

/// Schedules, oldest first, a page at a time.
package struct ListSchedules: EngineOperation {
    package static let name = "schedules.list"
    /// The most that one answer holds.
    package static let pageLimit = 500
    /// Only those of this job, by name or number.
    package var job: String?
    package var after: ScheduleID?

    package init(job: String? = nil, after: ScheduleID? = nil) {
        self.job = job
        self.after = after
    }

    package func perform(in host: EngineHost) throws -> [ScheduleInfo] {
        let job = try job.map { try FindJob($0).perform(in: host).id }
        return try host.store.schedules(ScheduleQuery(job: job, after: after, limit: Self.pageLimit))
            .map { try ScheduleInfo($0, in: host) }
    }
}

/// Takes a schedule away, with the records of its occurrences.
package struct DeleteSchedule: EngineOperation {
    package static let name = "schedules.delete"
    package var job: String
    /// Needed when the job has several.
    package var number: ScheduleID?

    package init(of job: String, _ number: ScheduleID?) {
        self.job = job
        self.number = number
    }

    package func perform(in host: EngineHost) throws -> ScheduleInfo {
        let schedule = try JobSchedules(job, in: host).one(number)
        let info = try ScheduleInfo(schedule, in: host)
        _ = try host.store.deleteSchedule(schedule.id)
        return info
    }
}

/// Pauses the schedules of a job, or one of them.
package struct PauseSchedule: EngineOperation {
    package static let name = "schedules.pause"
    package var job: String
    package var number: ScheduleID?

    package init(of job: String, _ number: ScheduleID?) {
        self.job = job
        self.number = number
    }

    package func perform(in host: EngineHost) throws -> [ScheduleInfo] {
        try JobSchedules(job, in: host).change(number) { schedule, now in
            schedule.pausing(by: host.person.name, at: now)
        }
    }
}

/// Lets the schedules of a job, or one of them, go on.
package struct ResumeSchedule: EngineOperation {
    package static let name = "schedules.resume"
    package var job: String
    package var number: ScheduleID?

    package init(of job: String, _ number: ScheduleID?) {
        self.job = job
        self.number = number
    }

    package func perform(in host: EngineHost) throws -> [ScheduleInfo] {
        try JobSchedules(job, in: host).change(number) { schedule, now in
            let open = try host.store.openOccurrences(of: schedule.id)
            return schedule.resuming(at: now, openRuns: open.count { $0.ending == nil && $0.backfill == nil })
        }
    }
}

/// The times at which a schedule of a job says to run.
package struct PreviewSchedule: EngineOperation {
    package static let name = "schedules.preview"
    /// The most that one answer holds.
    package static let limit = 1_000
    package var job: String
    package var number: ScheduleID?
    /// As ``ScheduleZone/instant(_:isEnd:)`` reads it; nil for now.
    package var from: String?
    package var count: Int

    package init(of job: String, _ number: ScheduleID?, from: String?, count: Int) {
        self.job = job
        self.number = number
        self.from = from
        self.count = count
    }

    package struct Answer: Codable, Sendable {
        package var schedule: Schedule
        package var occurrences: [PreviewedOccurrence]
    }

    package func perform(in host: EngineHost) throws -> Answer {
        let schedule = try JobSchedules(job, in: host).timed(number).schedule
        return try Self.preview(schedule, from: from, count: count, now: host.store.now)
    }

    /// Needs no store: what a schedule says depends on nothing else.
    package static func preview(_ schedule: Schedule, from: String?, count: Int, now: Date) throws -> Answer {
        let from = try from.map { try RequestError.instant($0, in: schedule.zone, option: "--from") } ?? now
        let found = schedule.occurrences(from: from, count: min(max(0, count), limit))
        return Answer(schedule: schedule, occurrences: found.map { PreviewedOccurrence($0) })
    }
}

/// What became of a schedule's occurrences, latest first, a page at a time.
package struct ListOccurrences: EngineOperation {
    package static let name = "schedules.occurrences"
    /// The most that one answer holds.
    package static let pageLimit = 500
    package var schedule: ScheduleID
    package var before: Date?
    package var limit: Int

    package init(of schedule: ScheduleID, before: Date? = nil, limit: Int) {
        self.schedule = schedule
        self.before = before
        self.limit = limit
    }

    package func perform(in host: EngineHost) throws -> [OccurrenceInfo] {
        try host.store.occurrences(OccurrenceQuery(schedule, before: before, limit: min(limit, Self.pageLimit))).map {
            OccurrenceInfo(record: $0, status: try $0.run.flatMap { try host.store.run($0)?.run.status })
        }
    }
}
