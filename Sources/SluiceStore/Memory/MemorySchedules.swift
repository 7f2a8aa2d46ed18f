import Foundation
import SluiceCore

/// The schedules and occurrences of a memory store, changed in place.
struct MemorySchedules {
    /// What names a record.
    struct Key: Hashable {
        var schedule: ScheduleID
        var first: Date
        var last: Date
    }

    /// A schedule that has to be looked at, by its place in the order of that.
    private struct DueEntry: Comparable {
        var at: Date
        var id: ScheduleID

        static func < (lhs: DueEntry, rhs: DueEntry) -> Bool { (lhs.at, lhs.id) < (rhs.at, rhs.id) }
    }

    private(set) var byID: [ScheduleID: StoredSchedule] = [:]
    private var lastID: Int64 = 0
    private var due: [DueEntry] = []
    /// By schedule, then by times.
    private(set) var records: [ScheduleID: [Key: OccurrenceRecord]] = [:]
    /// Of each schedule the times of what is not settled.
    private(set) var open: [ScheduleID: Set<Key>] = [:]
    /// The schedules of runs that are not settled.
    private(set) var awaiting: [RunID: ScheduleID] = [:]
    /// What the transaction has to put back when it fails: as it stood before; nil for what was not there.
    private var formerSchedules: [ScheduleID: StoredSchedule?] = [:]
    private var formerRecords: [Key: OccurrenceRecord?] = [:]
    private var formerID: Int64 = 0

    mutating func begin() {
        formerSchedules = [:]
        formerRecords = [:]
        formerID = lastID
    }

    var hasWritten: Bool { !formerSchedules.isEmpty || !formerRecords.isEmpty }

    mutating func rollBack() {
        let (schedules, records) = (formerSchedules, formerRecords)
        for (id, former) in schedules { put(former, id) }
        for (key, former) in records { put(former, key) }
        lastID = formerID
        begin()
    }

    mutating func nextID() -> ScheduleID {
        lastID += 1
        return ScheduleID(lastID)
    }

    mutating func write(_ schedule: StoredSchedule) { put(schedule, schedule.id) }

    mutating func write(_ record: OccurrenceRecord) {
        put(record, Key(schedule: record.schedule, first: record.first, last: record.last))
    }

    /// - Returns: whether there was one.
    mutating func delete(_ id: ScheduleID) -> Bool {
        guard byID[id] != nil else { return false }
        for key in Array((records[id] ?? [:]).keys) { put(nil, key) }
        put(nil, id)
        return true
    }

    private mutating func put(_ schedule: StoredSchedule?, _ id: ScheduleID) {
        let former = byID[id]
        if formerSchedules[id] == nil { formerSchedules[id] = .some(former) }
        if let at = former?.nextCheck { due.remove(at: due.firstPlace(notBefore: DueEntry(at: at, id: id))) }
        if let at = schedule?.nextCheck {
            let entry = DueEntry(at: at, id: id)
            due.insert(entry, at: due.firstPlace(notBefore: entry))
        }
        byID[id] = schedule
    }

    private mutating func put(_ record: OccurrenceRecord?, _ key: Key) {
        let former = records[key.schedule]?[key]
        if formerRecords[key] == nil { formerRecords[key] = .some(former) }
        if let run = former?.run { awaiting[run] = nil }
        open[key.schedule]?.remove(key)
        if let record, let run = record.run, !record.isSettled {
            awaiting[run] = key.schedule
            open[key.schedule, default: []].insert(key)
        }
        records[key.schedule, default: [:]][key] = record
    }

    /// The first ones that have to be looked at by `now`, and when the next one has to be.
    func due(at now: Date, limit: Int) -> (schedules: [StoredSchedule], next: Date?) {
        let count = due.prefix(max(0, limit)).prefix { $0.at <= now }.count
        let next = count < due.count ? due[count].at : nil
        return (due.prefix(count).compactMap { byID[$0.id] }, next)
    }
}

extension MemoryRuns {
    func schedule(_ id: ScheduleID) -> StoredSchedule? { schedules.byID[id] }

    mutating func nextSchedule() -> ScheduleID { schedules.nextID() }

    mutating func write(_ schedule: StoredSchedule) { schedules.write(schedule) }

    func record(of schedule: ScheduleID, from first: Date, through last: Date) -> OccurrenceRecord? {
        schedules.records[schedule]?[.init(schedule: schedule, first: first, last: last)]
    }

    mutating func write(_ record: OccurrenceRecord) { schedules.write(record) }

    func schedule(awaiting run: RunID) -> ScheduleID? { schedules.awaiting[run] }

    func schedules(after job: JobID) -> [StoredSchedule] {
        schedules.byID.values.filter {
            if case .job(let end) = $0.trigger { return end.job == job }
            return false
        }.sorted { $0.id < $1.id }
    }

    func schedulesOfObjects() -> [StoredSchedule] {
        schedules.byID.values.filter {
            if case .object = $0.trigger { return true }
            return false
        }.sorted { $0.id < $1.id }
    }
}
