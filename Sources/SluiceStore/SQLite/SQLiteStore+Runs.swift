import Foundation
import GRDB
import SluiceCore

extension SQLiteStore: RunStore {
    public func submit(_ run: NewRun) throws -> Submitted { try write { try $0.submit(run) } }

    public func advance(_ order: AdvanceOrder) throws -> Advanced { try write { try $0.advance(order) } }

    public func renew(_ leases: [HeldLease], for duration: Duration) throws -> [AttemptID] {
        try write { try $0.renew(leases, for: duration) }
    }

    public func move(_ lease: HeldLease, to pool: String) throws -> Bool { try write { try $0.move(lease, to: pool) } }

    public func stop(_ run: RunID, by person: String) throws -> RunState? {
        try write { try $0.stop(run, by: person) }
    }

    public func stopTask(_ task: TaskRunID, by person: String) throws -> RunState? {
        try write { try $0.stopTask(task, by: person) }
    }

    public func reopen(_ run: RunID, _ how: RunMachine.Reopening) throws -> RunState? {
        try write { try $0.reopen(run, how) }
    }

    public func enforceLimits() throws -> [AttemptID] {
        // Nearly always nothing is due, and to learn that needs no transaction that writes.
        guard let due = try nextDue(), due <= clock.now else { return [] }
        return try write { try $0.enforceLimits() }
    }

    public func nextDue() throws -> Date? {
        try read { db in
            try Double.fetchOne(db.cachedStatement(sql: "SELECT min(due_at) FROM runs WHERE due_at IS NOT NULL"))
                .map(Date.init(column:))
        }
    }

    public func placesInLine(of run: RunID) throws -> [Int: Int] {
        try read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT position, (
                            SELECT COUNT(*) FROM task_runs AS other INDEXED BY task_runs_ready
                            WHERE other.state = 'pending' AND other.ready_at IS NOT NULL AND other.pool = own.pool
                                AND (other.rank, other.run, other.position) < (own.rank, own.run, own.position))
                        FROM task_runs AS own WHERE run = ? AND state = 'pending' AND ready_at IS NOT NULL
                        """),
                arguments: [run.rawValue])
            var places: [Int: Int] = [:]
            while let row = try rows.next() { places[row[0]] = (row[1] as Int) + 1 }
            return places
        }
    }

    public func expiredLeases(isDead: (_ worker: String) -> Bool) throws -> [HeldLease] {
        let now = clock.now
        let running = try read { db in
            // The index is named because SQLite would rather walk through the tasks of all times in order.
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT run, position, task, element, attempt, token, worker, expires
                        FROM task_runs INDEXED BY task_runs_running
                        WHERE state = 'running' AND token IS NOT NULL
                        """))
            var running: [RunningLease] = []
            while let row = try rows.next() { running.append(RunningLease(row)) }
            return running.sorted { ($0.lease.attempt.run, $0.position) < ($1.lease.attempt.run, $1.position) }
        }
        // Asked once a worker, and outside the transaction: the answer may take a look at the machine.
        let dead = Set(Set(running.map(\.worker)).filter(isDead))
        return running.filter { $0.expires <= now || dead.contains($0.worker) }.map(\.lease)
    }

    public func run(_ id: RunID) throws -> RunState? {
        guard let entry = try read({ db in try SQLiteRunTable.load(id, from: db, cache: cache) }) else { return nil }
        cache.store(entry)
        return entry.state
    }

    public func runs(_ query: RunQuery) throws -> [Run] {
        var conditions: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        if let before = query.before {
            conditions.append("id < ?")
            arguments.append(before.rawValue)
        }
        if let statuses = query.statuses {
            // The plus keeps SQLite from its index where most runs are wanted: it would sort them all for one page.
            let column = statuses.count > 1 && statuses.contains(where: \.isEnded) ? "+status" : "status"
            conditions.append("\(column) IN (\(statuses.map { _ in "?" }.joined(separator: ", ")))")
            arguments += statuses.map(\.rawValue)
        }
        if let name = query.jobName {
            conditions.append("job_name = ?")
            arguments.append(name)
        }
        if let isAttached = query.isAttached {
            conditions.append("attached_to IS \(isAttached ? "NOT " : "")NULL")
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        arguments.append(max(0, query.limit))
        return try read { db in
            try Row.fetchAll(
                db, sql: "SELECT \(RunRow.columns) FROM runs \(filter) ORDER BY id DESC LIMIT ?",
                arguments: StatementArguments(arguments)
            ).map(RunRow.run(from:))
        }
    }

    public func events(after sequence: Int64, run: RunID?, limit: Int) throws -> [RunEvent] {
        try read { db in
            let filter = run == nil ? "" : "AND run = ?"
            var arguments: StatementArguments = [sequence]
            if let run { arguments += [run.rawValue] }
            arguments += [max(0, limit)]
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: "SELECT \(EventRow.columns) FROM events WHERE sequence > ? \(filter) ORDER BY sequence LIMIT ?"
                ),
                arguments: arguments)
            var events: [RunEvent] = []
            while let row = try rows.next() { events.append(try EventRow.event(from: row)) }
            return events
        }
    }

    public func signals() -> AsyncStream<Void> { signalling.stream(for: self) }

    public func pools() throws -> [Pool] { try read(Self.pools(in:)) }

    public func poolUse() throws -> [PoolUse] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name,
                        (SELECT COUNT(*) FROM task_runs
                            WHERE state = 'running' AND token IS NOT NULL AND pool = pools.name AND waits_for_slot = 0),
                        (SELECT COUNT(*) FROM task_runs
                            WHERE state = 'running' AND token IS NOT NULL AND pool = pools.name AND waits_for_slot = 1)
                        + (SELECT COUNT(*) FROM task_runs
                            WHERE state = 'pending' AND ready_at IS NOT NULL AND pool = pools.name)
                    FROM pools ORDER BY name
                    """
            ).map { PoolUse(pool: $0[0], holding: $0[1], waiting: $0[2]) }
        }
    }

    public func save(_ pool: Pool) throws {
        try writeTables { db in
            for pool in try PoolRules.saving(pool, among: Self.pools(in: db)) {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO pools VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        pool.name, pool.slots, pool.isDefault, pool.isSuspended, pool.limits.queue, pool.limits.attempt,
                        pool.limits.total,
                        pool.resources == AttemptLimits() ? nil : try JSONColumn.encode(pool.resources),
                    ])
            }
        }
    }

    public func deletePool(_ name: String) throws {
        try writeTables { db in
            let isUsed =
                try Bool.fetchOne(
                    db,
                    sql: """
                        SELECT EXISTS (
                            SELECT 1 FROM task_runs JOIN runs ON runs.id = task_runs.run
                            WHERE runs.status IN ('pending', 'running') AND task_runs.state IN ('pending', 'running')
                                AND (task_runs.pool = ?
                                    -- It may have moved on in mid-script; its next attempt queues here again.
                                    OR task_runs.pinned <> '' AND json_extract(task_runs.pinned, '$.target.pool') = ?))
                        """, arguments: [name, name]) ?? false
            _ = try PoolRules.deleting(name, among: Self.pools(in: db), isUsed: isUsed)
            try db.execute(sql: "DELETE FROM pools WHERE name = ?", arguments: [name])
        }
    }

    private static func pools(in db: Database) throws -> [Pool] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT name, slots, is_default, suspended, queue_limit, attempt_limit, total_limit, resources
                FROM pools ORDER BY name
                """
        ).map {
            Pool(
                name: $0[0], slots: $0[1], isDefault: $0[2], isSuspended: $0[3],
                limits: TaskLimits(queue: $0[4], attempt: $0[5], total: $0[6]),
                resources: try ($0[7] as String?).map { try JSONColumn.decode(AttemptLimits.self, from: $0) }
                    ?? AttemptLimits())
        }
    }
}

/// A lease as the table of task runs holds it.
private struct RunningLease {
    var lease: HeldLease
    /// Its task's place in the run.
    var position: Int
    var worker: String
    var expires: Date

    init(_ row: Row) {
        let task = TaskRunID(run: RunID(row[0] as Int64), index: row[2], element: row[3])
        lease = HeldLease(attempt: AttemptID(task: task, number: row[4]), token: row[5])
        position = row[1]
        worker = row[6]
        expires = Date(column: row[7])
    }
}
