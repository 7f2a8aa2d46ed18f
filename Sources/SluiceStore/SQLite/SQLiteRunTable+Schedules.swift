import Foundation
import GRDB
import SluiceCore

extension SQLiteRunTable {
    mutating func schedule(_ id: ScheduleID) throws -> StoredSchedule? { try ScheduleRow.schedule(id, in: db) }

    mutating func nextSchedule() throws -> ScheduleID { ScheduleID(try Counter.next("schedule", in: db)) }

    mutating func write(_ schedule: StoredSchedule) throws {
        hasWritten = true
        var afterJob: Int64?
        var isOfObjects = false
        switch schedule.trigger {
        case .time: break
        case .job(let end): afterJob = end.job.rawValue
        case .object: isOfObjects = true
        }
        let values: [(any DatabaseValueConvertible)?] = [
            schedule.id.rawValue, schedule.version, schedule.job.rawValue, schedule.owner,
            try JSONColumn.encode(schedule.trigger), afterJob, isOfObjects, try JSONColumn.encode(schedule.state),
            schedule.backfills.isEmpty ? nil : try JSONColumn.encode(schedule.backfills), schedule.nextCheck?.column,
            schedule.createdAt.column, schedule.updatedAt.column,
        ]
        // No REPLACE, which would take the occurrences away with the row.
        try db.cachedStatement(
            sql: """
                INSERT INTO schedules (
                    id, version, job, owner, trigger, after_job, objects, state, backfills, next_check, created_at,
                    updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, trigger = excluded.trigger,
                    after_job = excluded.after_job, objects = excluded.objects, state = excluded.state,
                    backfills = excluded.backfills, next_check = excluded.next_check, updated_at = excluded.updated_at
                """
        ).execute(arguments: StatementArguments(values))
    }

    mutating func record(
        of schedule: ScheduleID, from first: Date, through last: Date
    ) throws -> OccurrenceRecord? {
        try OccurrenceRow.record(of: schedule, from: first, through: last, in: db)
    }

    mutating func write(_ record: OccurrenceRecord) throws {
        hasWritten = true
        let values: [(any DatabaseValueConvertible)?] = [
            record.schedule.rawValue, record.first.column, record.last.column, record.count, record.outcome.rawValue,
            record.reason, record.detail, record.run?.rawValue, record.backfill, record.isSettled,
            record.decidedAt.column,
        ]
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO occurrences (\(OccurrenceRow.columns))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(values))
    }

    mutating func schedule(awaiting run: RunID) throws -> ScheduleID? {
        let id = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT schedule FROM occurrences INDEXED BY occurrences_awaiting
                    WHERE run = ? AND run IS NOT NULL AND settled = 0
                    """),
            arguments: [run.rawValue])
        return id.map { ScheduleID($0) }
    }

    mutating func schedules(after job: JobID) throws -> [StoredSchedule] {
        try ScheduleRow.schedules(db, "after_job = ? ORDER BY id", [job.rawValue])
    }

    mutating func schedulesOfObjects() throws -> [StoredSchedule] {
        try ScheduleRow.schedules(db, "objects = 1 ORDER BY id", [])
    }
}

/// Reads schedules from the table `schedules`.
enum ScheduleRow {
    /// - Parameter rest: what follows `WHERE`.
    static func schedules(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [StoredSchedule] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT id, version, job, trigger, owner, state, backfills, next_check, created_at, updated_at
                    FROM schedules WHERE \(rest)
                    """),
            arguments: arguments)
        var schedules: [StoredSchedule] = []
        while let row = try rows.next() {
            schedules.append(
                StoredSchedule(
                    id: ScheduleID(row[0] as Int64), version: row[1], job: JobID(row[2] as Int64),
                    trigger: try JSONColumn.decode(Trigger.self, from: row[3]), owner: row[4],
                    state: try JSONColumn.decode(ScheduleState.self, from: row[5]),
                    backfills: try (row[6] as String?)
                        .map { try JSONColumn.decode([StoredSchedule.Backfill].self, from: $0) } ?? [],
                    nextCheck: (row[7] as Double?).map(Date.init(column:)), createdAt: Date(column: row[8]),
                    updatedAt: Date(column: row[9])))
        }
        return schedules
    }

    static func schedule(_ id: ScheduleID, in db: Database) throws -> StoredSchedule? {
        try schedules(db, "id = ?", [id.rawValue]).first
    }
}

/// Reads records from the table `occurrences`.
enum OccurrenceRow {
    static let columns = "schedule, first, last, count, outcome, reason, detail, run, backfill, settled, decided_at"

    static func record(from row: Row) throws -> OccurrenceRecord {
        OccurrenceRecord(
            schedule: ScheduleID(row[0] as Int64), first: Date(column: row[1]), last: Date(column: row[2]),
            count: row[3],
            outcome: try known(OccurrenceRecord.Outcome(rawValue: row[4]), "occurrences.outcome"), reason: row[5],
            detail: row[6], run: (row[7] as Int64?).map { RunID($0) }, backfill: row[8], isSettled: row[9],
            decidedAt: Date(column: row[10]))
    }

    static func record(
        of schedule: ScheduleID, from first: Date, through last: Date, in db: Database
    ) throws -> OccurrenceRecord? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(columns) FROM occurrences WHERE schedule = ? AND first = ? AND last = ?"),
            arguments: [schedule.rawValue, first.column, last.column]
        ).map(record(from:))
    }
}
