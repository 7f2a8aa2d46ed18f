import Foundation
import GRDB
import SluiceCore

extension SQLiteStore: ScheduleStore {
    public var now: Date { clock.now }

    public func addSchedule(_ trigger: Trigger, of job: JobID, owner: String) throws -> StoredSchedule {
        try write { try $0.addSchedule(trigger, of: job, owner: owner) }
    }

    public func schedule(_ id: ScheduleID) throws -> StoredSchedule? {
        try read { try ScheduleRow.schedule(id, in: $0) }
    }

    public func schedules(_ query: ScheduleQuery) throws -> [StoredSchedule] {
        try read { db in
            let (after, limit) = (query.after?.rawValue ?? 0, max(0, query.limit))
            guard let job = query.job else {
                return try ScheduleRow.schedules(db, "id > ? ORDER BY id LIMIT ?", [after, limit])
            }
            return try ScheduleRow.schedules(
                db, "job = ? AND id > ? ORDER BY id LIMIT ?", [job.rawValue, after, limit])
        }
    }

    public func deleteSchedule(_ id: ScheduleID) throws -> Bool {
        try write { table in
            try table.db.execute(sql: "DELETE FROM schedules WHERE id = ?", arguments: [id.rawValue])
            table.hasWritten = table.db.changesCount > 0
            return table.hasWritten
        }
    }

    public func dueSchedules(limit: Int) throws -> DueSchedules {
        let now = clock.now
        return try read { db in
            // Nearly always nothing is due, and that is one look at an index.
            let due = "next_check IS NOT NULL AND next_check <= ? ORDER BY next_check, id LIMIT ?"
            let schedules = try ScheduleRow.schedules(db, due, [now.column, max(0, limit)])
            let next = try Double.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT next_check FROM schedules WHERE next_check IS NOT NULL
                        ORDER BY next_check, id LIMIT 1 OFFSET ?
                        """),
                arguments: [schedules.count])
            return DueSchedules(now: now, schedules: schedules, next: next.map(Date.init(column:)))
        }
    }

    public func commit(_ steps: [ScheduleStep]) throws -> [ScheduleCommit] {
        try write { table in try steps.map { try table.commit($0) } }
    }

    public func openOccurrences(of schedule: ScheduleID) throws -> [OpenOccurrence] {
        try read { db in
            let records = try OccurrenceRecord.all(
                db, "schedule = ? AND run IS NOT NULL AND settled = 0 ORDER BY first", [schedule.rawValue],
                index: "INDEXED BY occurrences_open")
            return try records.compactMap { record in
                guard let run = record.run else { return nil }
                let state = try Row.fetchOne(
                    db.cachedStatement(sql: "SELECT \(RunRow.columns) FROM runs WHERE id = ?"),
                    arguments: [run.rawValue]
                ).map(RunRow.run(from:))
                return OpenOccurrence(record, run: run, state)
            }
        }
    }

    public func occurrence(of schedule: ScheduleID, at nominal: Date) throws -> OccurrenceRecord? {
        try read { try OccurrenceRow.record(of: schedule, from: nominal, through: nominal, in: $0) }
    }

    public func occurrences(_ query: OccurrenceQuery) throws -> [OccurrenceRecord] {
        var conditions = ["schedule = ?"]
        var arguments: [any DatabaseValueConvertible] = [query.schedule.rawValue]
        if let before = query.before {
            conditions.append("first < ?")
            arguments.append(before.column)
        }
        if let outcome = query.outcome {
            // Written out where there is an index of it.
            conditions.append("outcome = '\(outcome.rawValue)'")
        }
        arguments.append(max(0, query.limit))
        let filter = conditions.joined(separator: " AND ")
        return try read { db in
            try OccurrenceRecord.all(
                db, "\(filter) ORDER BY first DESC, last DESC LIMIT ?", StatementArguments(arguments),
                // Few wait, and a schedule that has run for years has many records.
                index: query.outcome == .waiting ? "INDEXED BY occurrences_waiting" : "")
        }
    }

    public func noteObjects(_ names: [String], in source: String) throws -> [ScheduleID] {
        // Nearly always nobody waits for objects, and to learn that needs no transaction that writes.
        let someoneWaits = try read { db in
            try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM schedules WHERE objects = 1)") ?? false
        }
        guard someoneWaits else { return [] }
        return try write { try $0.noteObjects(names, in: source) }
    }
}

extension OccurrenceRecord {
    /// - Parameter rest: what follows `WHERE`.
    fileprivate static func all(
        _ db: Database, _ rest: String, _ arguments: StatementArguments, index: String = ""
    ) throws -> [OccurrenceRecord] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT \(OccurrenceRow.columns) FROM occurrences \(index) WHERE \(rest)"),
            arguments: arguments
        ).map(OccurrenceRow.record(from:))
    }
}
