import Foundation
import SluiceCore

/// The schedules of the job that a person names.
struct JobSchedules {
    let host: EngineHost
    let job: StoredJob
    let all: [StoredSchedule]

    /// - Throws: ``RequestError`` `job.unknown`, `schedule.none`.
    init(_ job: String, in host: EngineHost) throws {
        self.host = host
        self.job = try FindJob(job).perform(in: host)
        all = try host.store.schedules(ScheduleQuery(job: self.job.id))
        guard !all.isEmpty else {
            throw RequestError(
                "schedule.none", .notFound,
                "'\(self.job.definition.name)' has no schedule. Set one: 'sluice schedule set'.")
        }
    }

    /// - Throws: ``RequestError`` `schedule.unknown`, `schedule.several`.
    func one(_ number: ScheduleID?) throws(RequestError) -> StoredSchedule {
        guard let number else {
            guard all.count == 1 else { throw .severalSchedules(of: job, all) }
            return all[0]
        }
        guard let found = all.first(where: { $0.id == number }) else { throw .unknownSchedule(number, of: job) }
        return found
    }

    /// The one that looks at the clock.
    ///
    /// - Throws: ``RequestError`` `schedule.event` as well.
    func timed(_ number: ScheduleID?) throws(RequestError) -> (stored: StoredSchedule, schedule: Schedule) {
        let timed = all.filter { $0.trigger.schedule != nil }
        let stored = number == nil && timed.count == 1 ? timed[0] : try one(number)
        guard let schedule = stored.trigger.schedule else {
            throw RequestError(
                "schedule.event", .badInput,
                "Schedule \(stored.id) runs \(stored.trigger); nobody knows the times of that.")
        }
        return (stored, schedule)
    }

    /// Changes one of them, or all.
    func change(
        _ number: ScheduleID?, _ decide: (StoredSchedule, Date) throws -> ScheduleStep
    ) throws -> [ScheduleInfo] {
        try (number == nil ? all : [try one(number)]).compactMap { schedule in
            try host.store.change(schedule.id, decide).map { try ScheduleInfo($0, in: host) }
        }
    }
}

extension RequestError {
    static func unknownSchedule(_ id: ScheduleID, of job: StoredJob? = nil) -> RequestError {
        let whose = job.map { "'\($0.definition.name)' has no schedule \(id)" } ?? "There is no schedule \(id)"
        return RequestError("schedule.unknown", .notFound, "\(whose). See 'sluice schedule list'.")
    }

    static func severalSchedules(of job: StoredJob, _ schedules: [StoredSchedule]) -> RequestError {
        let list = schedules.prefix(5).map { "\($0.id) (\($0.trigger))" }.joined(separator: ", ")
        return RequestError(
            "schedule.several", .conflict,
            "'\(job.definition.name)' has several schedules: \(list)\(schedules.count > 5 ? " …" : ""). Say which with "
                + "--schedule, or add one with --add.")
    }

    /// - Throws: ``RequestError`` `schedule.instant`.
    static func instant(
        _ text: String, in zone: ScheduleZone, option: String, isEnd: Bool = false
    ) throws(RequestError) -> Date {
        if let date = zone.instant(text, isEnd: isEnd) { return date }
        throw RequestError(
            "schedule.instant", .badInput,
            "\(option) '\(text.prefix(64))' is no date and time. Write it as 2026-03-07T02:30, in the schedule's zone, or "
                + "as 2026-03-07T02:30:00Z.")
    }
}
