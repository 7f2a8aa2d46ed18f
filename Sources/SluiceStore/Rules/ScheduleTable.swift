import Foundation
import SluiceCore

/// What the rules of schedules need of a storage, inside one transaction.
protocol ScheduleTable {
    mutating func schedule(_ id: ScheduleID) throws -> StoredSchedule?
    /// A number that no schedule had before.
    mutating func nextSchedule() throws -> ScheduleID
    /// Writes the schedule, over the one of its number if there is one.
    mutating func write(_ schedule: StoredSchedule) throws

    /// The record whose first and last nominal times are these.
    mutating func record(of schedule: ScheduleID, from first: Date, through last: Date) throws -> OccurrenceRecord?
    /// Writes the record, over the one of its schedule and times if there is one.
    mutating func write(_ record: OccurrenceRecord) throws

    /// The schedule that started the run and has not yet learnt of its end.
    mutating func schedule(awaiting run: RunID) throws -> ScheduleID?
    /// The schedules that wait for the end of runs of `job`.
    mutating func schedules(after job: JobID) throws -> [StoredSchedule]
    /// The schedules that wait for objects of sources.
    mutating func schedulesOfObjects() throws -> [StoredSchedule]
}
