import Foundation
import SluiceCore

extension MemoryStore: ScheduleStore {
    public var now: Date { clock.now }

    public func addSchedule(_ trigger: Trigger, of job: JobID, owner: String) throws -> StoredSchedule {
        try write { try $0.addSchedule(trigger, of: job, owner: owner) }
    }

    public func schedule(_ id: ScheduleID) -> StoredSchedule? { storage.look { $0.runs.schedule(id) } }

    public func schedules(_ query: ScheduleQuery) -> [StoredSchedule] {
        let found = storage.look { contents in
            contents.runs.schedules.byID.values.filter { schedule in
                (query.job.map { schedule.job == $0 } ?? true) && (query.after.map { schedule.id > $0 } ?? true)
            }
        }
        return Array(found.sorted { $0.id < $1.id }.prefix(max(0, query.limit)))
    }

    public func deleteSchedule(_ id: ScheduleID) throws -> Bool { try write { $0.schedules.delete(id) } }

    public func dueSchedules(limit: Int) -> DueSchedules {
        let now = clock.now
        let (schedules, next) = storage.look { $0.runs.schedules.due(at: now, limit: limit) }
        return DueSchedules(now: now, schedules: schedules, next: next)
    }

    public func commit(_ steps: [ScheduleStep]) throws -> [ScheduleCommit] {
        try write { table in try steps.map { try table.commit($0) } }
    }

    public func openOccurrences(of schedule: ScheduleID) -> [OpenOccurrence] {
        storage.look { contents in
            (contents.runs.schedules.open[schedule] ?? []).compactMap { key in
                guard let record = contents.runs.schedules.records[schedule]?[key], let run = record.run else {
                    return nil
                }
                return OpenOccurrence(record, run: run, contents.runs.states[run]?.run)
            }
        }.sorted { $0.nominal < $1.nominal }
    }

    public func occurrence(of schedule: ScheduleID, at nominal: Date) -> OccurrenceRecord? {
        storage.look { $0.runs.record(of: schedule, from: nominal, through: nominal) }
    }

    public func occurrences(_ query: OccurrenceQuery) -> [OccurrenceRecord] {
        let found = storage.look { contents in
            (contents.runs.schedules.records[query.schedule] ?? [:]).values.filter { record in
                (query.before.map { record.first < $0 } ?? true) && (query.outcome.map { record.outcome == $0 } ?? true)
            }
        }
        return Array(found.sorted { ($0.first, $0.last) > ($1.first, $1.last) }.prefix(max(0, query.limit)))
    }

    public func noteObjects(_ names: [String], in source: String) throws -> [ScheduleID] {
        try write { try $0.noteObjects(names, in: source) }
    }
}
