import Foundation
import GRDB
import SluiceCore

/// The run tables of one transaction on a SQLite database.
struct SQLiteRunTable: RunTable {
    let db: Database
    let now: Date
    let cache: RunCache
    /// What this transaction has read or written, with the versions that the rows will have once it is committed.
    private(set) var current: [RunID: RunCache.Entry] = [:]
    var hasWritten = false

    init(db: Database, now: Date, cache: RunCache) {
        self.db = db
        self.now = now
        self.cache = cache
    }

    mutating func state(of run: RunID) throws -> RunState? {
        if let entry = current[run] { return entry.state }
        guard let entry = try Self.load(run, from: db, cache: cache) else { return nil }
        current[run] = entry
        return entry.state
    }

    mutating func run(submittedUnder key: String) throws -> RunID? {
        let id = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM runs WHERE idempotency_key = ?"), arguments: [key])
        return id.map { RunID($0) }
    }

    mutating func openRuns(of job: JobID) throws -> [OpenRun] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT id, held FROM runs INDEXED BY runs_open
                    WHERE job_id = ? AND status IN ('pending', 'running') ORDER BY id
                    """),
            arguments: [job.rawValue])
        var runs: [OpenRun] = []
        while let row = try rows.next() { runs.append(OpenRun(id: RunID(row[0] as Int64), isHeld: row[1])) }
        return runs
    }

    mutating func dueRuns() throws -> [RunID] {
        try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT id FROM runs WHERE due_at <= ? ORDER BY due_at, id"),
            arguments: [now.column]
        ).map { RunID($0) }
    }

    mutating func nextRun() throws -> RunID { RunID(try Counter.next("run", in: db)) }

    mutating func nextToken() throws -> Int64 { try Counter.next("token", in: db) }

    mutating func insert(_ state: RunState, key: String?) throws {
        hasWritten = true
        let run = state.run
        let definition = try JSONColumn.encode(run.definition)
        let parameters = try JSONColumn.encode(run.parameters)
        let values: [(any DatabaseValueConvertible)?] = [
            run.id.rawValue, key, run.job?.job.rawValue, run.job?.version, run.definition.name, run.trigger.rawValue,
            run.initiator, run.nominalTime.column, run.snapshot.hex, run.status.rawValue, run.reason, run.stoppedBy,
            run.submittedAt.column, run.startedAt?.column, run.endedAt?.column, definition, parameters,
            run.isHeld, run.overtime, run.attachedTo, run.rerunOf?.rawValue, state.nextDue(after: now)?.column,
        ]
        try db.cachedStatement(
            sql: """
                INSERT INTO runs (
                    id, version, idempotency_key, job_id, job_version, job_name, trigger, initiator, nominal_time,
                    snapshot, status, reason, stopped_by, submitted_at, started_at, ended_at, definition, parameters,
                    held, overtime, attached_to, rerun_of, due_at)
                VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(values))
        for position in state.tasks.indices { try insert(position, of: state) }
        current[run.id] = RunCache.Entry(version: 1, state: state)
    }

    /// An element of a for-each shares what was pinned for its group, which may be as long as its list.
    private func insert(_ position: Int, of state: RunState) throws {
        let task = state.tasks[position]
        let isShared = task.id.element != nil && task.pinned == state.tasks[task.id.index].pinned
        let values: [(any DatabaseValueConvertible)?] = [
            task.id.run.rawValue, position, task.id.index, task.id.element, task.name, task.pinned.script.kind.rawValue,
            task.state.rawValue, task.reason, task.attempt, task.pool, task.waitsForSlot, task.readyAt?.column,
            isShared ? "" : try JSONColumn.encode(task.pinned), task.firstReadyAt?.column, task.rank,
            try TaskExtra.column(of: task),
        ]
        try db.cachedStatement(
            sql: """
                INSERT INTO task_runs (
                    run, position, task, element, name, kind, state, reason, attempt, pool, waits_for_slot, ready_at,
                    begun, pinned, first_ready_at, rank, extra)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(values))
    }

    mutating func update(_ state: RunState, tasks: [Int]) throws {
        hasWritten = true
        let run = state.run
        let version = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    UPDATE runs SET version = version + 1, status = ?, reason = ?, stopped_by = ?, started_at = ?,
                        ended_at = ?, held = ?, overtime = ?, attached_to = ?, due_at = ?
                    WHERE id = ? RETURNING version
                    """),
            arguments: [
                run.status.rawValue, run.reason, run.stoppedBy, run.startedAt?.column, run.endedAt?.column,
                run.isHeld, run.overtime, run.attachedTo, state.nextDue(after: now)?.column, run.id.rawValue,
            ])
        guard let version else { throw StoreError.damaged("run \(run.id) has vanished") }
        let known = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT max(position) + 1 FROM task_runs WHERE run = ?"),
            arguments: [run.id.rawValue])
        let statement = try db.cachedStatement(
            sql: """
                UPDATE task_runs SET state = ?, reason = ?, attempt = ?, pool = ?, waits_for_slot = ?, ready_at = ?,
                    started_at = ?, ended_at = ?, worker = ?, token = ?, expires = ?, begun = ?, value = ?, failure = ?,
                    first_ready_at = ?, rank = ?, extra = ?
                WHERE run = ? AND position = ?
                """)
        for position in tasks {
            let task = state.tasks[position]
            guard position < known ?? 0 else {
                try insert(position, of: state)
                continue
            }
            let value = try task.value.map { try JSONColumn.encode($0) }
            let failure = try task.failure.map { try JSONColumn.encode($0) }
            let values: [(any DatabaseValueConvertible)?] = [
                task.state.rawValue, task.reason, task.attempt, task.pool, task.waitsForSlot, task.readyAt?.column,
                task.startedAt?.column, task.endedAt?.column, task.lease?.worker, task.lease?.token,
                task.lease?.expires.column, task.lease?.begun ?? false, value, failure, task.firstReadyAt?.column,
                task.rank, try TaskExtra.column(of: task), run.id.rawValue, position,
            ]
            try statement.execute(arguments: StatementArguments(values))
        }
        current[run.id] = RunCache.Entry(version: version, state: state)
    }

    mutating func rewrite(_ state: RunState) throws {
        let run = state.run.id.rawValue
        try db.cachedStatement(sql: "UPDATE runs SET snapshot = ? WHERE id = ?")
            .execute(arguments: [state.run.snapshot.hex, run])
        try db.cachedStatement(sql: "DELETE FROM task_runs WHERE run = ?").execute(arguments: [run])
        for position in state.tasks.indices { try insert(position, of: state) }
        try update(state, tasks: Array(state.tasks.indices))
    }

    mutating func append(_ changes: [RunChange], of run: RunID) throws {
        guard !changes.isEmpty else { return }
        hasWritten = true
        let statement = try db.cachedStatement(
            sql: "INSERT INTO events (at, run, what, status, task, attempt, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")
        for change in changes {
            let row = EventRow(change)
            try statement.execute(arguments: [
                now.column, run.rawValue, row.what.rawValue, row.status, row.task, row.attempt, row.detail,
            ])
        }
    }

    mutating func occupancy() throws -> [PoolOccupancy] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT name, slots, suspended,
                        (SELECT COUNT(*) FROM task_runs
                            WHERE state = 'running' AND token IS NOT NULL AND pool = pools.name AND waits_for_slot = 0),
                        (SELECT COUNT(*) FROM task_runs
                            WHERE state = 'running' AND token IS NOT NULL AND pool = pools.name AND waits_for_slot = 1)
                    FROM pools
                    """))
        var pools: [PoolOccupancy] = []
        while let row = try rows.next() {
            pools.append(
                PoolOccupancy(name: row[0], slots: row[1], isSuspended: row[2], holding: row[3], waiting: row[4]))
        }
        return pools
    }

    mutating func ready(
        in pool: String, kinds: Set<ScriptKind>, attachedTo worker: String?, limit: Int
    ) throws -> [ReadyTask] {
        let marks = Array(repeating: "?", count: kinds.count).joined(separator: ", ")
        var arguments: [any DatabaseValueConvertible] = [pool, now.column]
        arguments += kinds.map(\.rawValue).sorted() as [any DatabaseValueConvertible]
        let attached = worker == nil ? "" : "AND (SELECT attached_to FROM runs WHERE id = task_runs.run) = ?"
        if let worker { arguments.append(worker) }
        arguments.append(limit)
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT rank, run, position FROM task_runs INDEXED BY task_runs_ready
                    WHERE state = 'pending' AND ready_at IS NOT NULL AND pool = ? AND ready_at <= ?
                        AND kind IN (\(marks)) \(attached)
                    ORDER BY rank, run, position LIMIT ?
                    """),
            arguments: StatementArguments(arguments))
        var tasks: [ReadyTask] = []
        while let row = try rows.next() {
            tasks.append(ReadyTask(rank: row[0] ?? 0, run: RunID(row[1] as Int64), position: row[2]))
        }
        return tasks
    }

    mutating func queuePosition(of pool: String) throws -> Double {
        try Double.fetchOne(
            db.cachedStatement(sql: "SELECT position FROM queues WHERE pool = ?"), arguments: [pool]) ?? 0
    }

    mutating func setQueuePosition(of pool: String, _ rank: Double) throws {
        try db.cachedStatement(
            sql: "INSERT INTO queues VALUES (?, ?) ON CONFLICT (pool) DO UPDATE SET position = excluded.position"
        ).execute(arguments: [pool, rank])
        // A flow whose next rank has been passed is as good as new.
        try db.cachedStatement(sql: "DELETE FROM queue_flows WHERE pool = ? AND next_rank <= ?")
            .execute(arguments: [pool, rank])
    }

    mutating func nextRank(of flow: String, in pool: String) throws -> Double? {
        try Double.fetchOne(
            db.cachedStatement(sql: "SELECT next_rank FROM queue_flows WHERE pool = ? AND flow = ?"),
            arguments: [pool, flow])
    }

    mutating func setNextRank(of flow: String, in pool: String, _ rank: Double) throws {
        hasWritten = true
        try db.cachedStatement(
            sql: """
                INSERT INTO queue_flows VALUES (?, ?, ?)
                ON CONFLICT (pool, flow) DO UPDATE SET next_rank = excluded.next_rank
                """
        ).execute(arguments: [pool, flow, rank])
    }
}

extension SQLiteRunTable {
    /// The run as it stands in the transaction of `db`, from the cache when that is current.
    static func load(_ run: RunID, from db: Database, cache: RunCache) throws -> RunCache.Entry? {
        let version = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT version FROM runs WHERE id = ?"), arguments: [run.rawValue])
        guard let version else { return nil }
        if let entry = cache.entry(for: run, version: version) { return entry }
        let head = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(RunRow.columns) FROM runs WHERE id = ?"), arguments: [run.rawValue])
        guard let head else { return nil }
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT \(TaskRow.columns) FROM task_runs WHERE run = ? ORDER BY position"),
            arguments: [run.rawValue])
        var tasks: [TaskRun] = []
        while let row = try rows.next() { tasks.append(try TaskRow.task(from: row, of: run, behind: tasks)) }
        return RunCache.Entry(version: version, state: RunState(run: try RunRow.run(from: head), tasks: tasks))
    }
}

/// Numbers that are given out once and never again.
enum Counter {
    static func next(_ name: String, in db: Database) throws -> Int64 {
        let value = try Int64.fetchOne(
            db.cachedStatement(sql: "UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value"),
            arguments: [name])
        guard let value else { throw StoreError.damaged("the counter '\(name)' has vanished") }
        return value
    }

    static func value(_ name: String, in db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT value FROM counters WHERE name = ?"), arguments: [name]) ?? 0
    }
}
