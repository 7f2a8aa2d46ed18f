import Foundation
import GRDB
import SluiceCore

/// Reads runs from the table `runs`.
enum RunRow {
    static let columns = """
        id, job_id, job_version, trigger, initiator, nominal_time, snapshot, status, reason, stopped_by, submitted_at,
        started_at, ended_at, definition, parameters, held, overtime, attached_to, rerun_of
        """

    static func run(from row: Row) throws -> Run {
        let job: JobVersion? =
            if let id = row[1] as Int64?, let version = row[2] as Int? {
                JobVersion(job: JobID(id), version: version)
            } else {
                nil
            }
        var run = Run(
            id: RunID(row[0] as Int64), job: job,
            definition: try JSONColumn.decode(JobDefinition.self, from: row[13]),
            trigger: try known(RunTrigger(rawValue: row[3]), "runs.trigger"), initiator: row[4],
            parameters: try JSONColumn.decode([String: JSONValue].self, from: row[14]),
            nominalTime: Date(column: row[5]), snapshot: try known(ContentHash(hex: row[6]), "runs.snapshot"),
            status: try known(RunStatus(rawValue: row[7]), "runs.status"), reason: row[8], stoppedBy: row[9],
            submittedAt: Date(column: row[10]), startedAt: (row[11] as Double?).map(Date.init(column:)),
            endedAt: (row[12] as Double?).map(Date.init(column:)))
        run.isHeld = row[15]
        run.overtime = row[16]
        run.attachedTo = row[17]
        run.rerunOf = (row[18] as Int64?).map { RunID($0) }
        return run
    }
}

/// Reads task runs from the table `task_runs`.
enum TaskRow {
    static let columns = """
        task, element, name, pinned, state, reason, attempt, pool, waits_for_slot, ready_at, started_at, ended_at,
        worker, token, expires, begun, value, failure, first_ready_at, rank, extra
        """

    /// - Parameter earlier: the task runs before it, of which an element's group is one.
    static func task(from row: Row, of run: RunID, behind earlier: [TaskRun]) throws -> TaskRun {
        let (index, text): (Int, String) = (row[0], row[3])
        let pinned =
            text.isEmpty && earlier.indices.contains(index)
            ? earlier[index].pinned : try JSONColumn.decode(PinnedTask.self, from: text)
        let lease: Lease? =
            if let worker = row[12] as String?, let token = row[13] as Int64?, let expires = row[14] as Double? {
                Lease(worker: worker, token: token, expires: Date(column: expires), begun: row[15])
            } else {
                nil
            }
        var task = TaskRun(
            id: TaskRunID(run: run, index: index, element: row[1]), name: row[2],
            pinned: pinned,
            state: try known(TaskState(rawValue: row[4]), "task_runs.state"), reason: row[5], attempt: row[6],
            pool: row[7], waitsForSlot: row[8], readyAt: (row[9] as Double?).map(Date.init(column:)),
            startedAt: (row[10] as Double?).map(Date.init(column:)),
            endedAt: (row[11] as Double?).map(Date.init(column:)), lease: lease,
            value: try (row[16] as String?).map { try JSONColumn.decode(JSONValue.self, from: $0) },
            failure: try (row[17] as String?).map { try JSONColumn.decode(TaskFailure.self, from: $0) })
        task.firstReadyAt = (row[18] as Double?).map(Date.init(column:))
        task.rank = row[19]
        if let extra = row[20] as String? { try JSONColumn.decode(TaskExtra.self, from: extra).apply(to: &task) }
        return task
    }
}

/// What few task runs have, in one column.
struct TaskExtra: Codable, Equatable {
    var stopping: AttemptStop?
    /// In a list of one: an element may be null.
    var item: [JSONValue]?
    var resume: ResumePoint?
    var history: [PastAttempt]?

    init(_ task: TaskRun) {
        stopping = task.stopping
        item = task.item.map { [$0] }
        resume = task.resume
        history = task.history.isEmpty ? nil : task.history
    }

    /// Nil for a task that has none of it.
    static func column(of task: TaskRun) throws -> String? {
        guard task.stopping != nil || task.item != nil || task.resume != nil || !task.history.isEmpty else {
            return nil
        }
        return try JSONColumn.encode(TaskExtra(task))
    }

    func apply(to task: inout TaskRun) {
        task.stopping = stopping
        task.item = item?.first
        task.resume = resume
        task.history = history ?? []
    }
}

/// One change of a run as the table `events` holds it.
struct EventRow {
    enum What: String {
        case run, stop, task
    }

    static let columns = "sequence, at, run, what, status, task, attempt, detail"

    var what: What
    var status: String?
    var task: Int?
    var attempt: Int?
    /// The reason, or who asked.
    var detail: String?

    init(_ change: RunChange) {
        switch change {
        case .run(let status, let reason):
            what = .run
            self.status = status.rawValue
            detail = reason
        case .stopRequested(let person):
            what = .stop
            detail = person
        case .task(let index, let state, let attempt, let reason):
            what = .task
            status = state.rawValue
            task = index
            self.attempt = attempt
            detail = reason
        }
    }

    static func event(from row: Row) throws -> RunEvent {
        let change: RunChange
        switch try known(What(rawValue: row[3]), "events.what") {
        case .run:
            change = .run(status: try known(RunStatus(rawValue: row[4] ?? ""), "events.status"), reason: row[7])
        case .stop:
            change = .stopRequested(by: row[7] ?? "")
        case .task:
            change = .task(
                index: row[5] ?? 0, state: try known(TaskState(rawValue: row[4] ?? ""), "events.status"),
                attempt: row[6] ?? 0, reason: row[7])
        }
        return RunEvent(
            sequence: row[0], at: Date(column: row[1]), run: RunID(row[2] as Int64), change: change)
    }
}

/// A value that the database must hold, or the database is not as this program wrote it.
func known<Value>(_ value: Value?, _ column: String) throws -> Value {
    guard let value else { throw StoreError.damaged("the column \(column) holds an unknown value") }
    return value
}

extension Date {
    /// As a column holds it; see `Migrations`.
    var column: Double { timeIntervalSinceReferenceDate }

    init(column: Double) { self.init(timeIntervalSinceReferenceDate: column) }
}
