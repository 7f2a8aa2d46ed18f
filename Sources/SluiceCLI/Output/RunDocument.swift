import Foundation
import Sluice

/// A run with its tasks and steps: what `run --json` and `runs show --json` print.
struct RunDocument: Document {
    var id: RunID
    var job: String
    var status: RunStatus
    /// The specification's word for the status.
    var label: String
    var reason: String?
    var trigger: RunTrigger
    var initiator: String
    var parameters: [String: JSONValue]
    var nominalTime: Date
    /// The run that it repeats.
    var rerunOf: RunID?
    var submittedAt: Date
    var startedAt: Date?
    var endedAt: Date?
    var tasks: [TaskDocument]?

    init(_ run: Run, tasks: [TaskDocument]? = nil) {
        id = run.id
        job = run.definition.name
        status = run.status
        label = run.status.label
        reason = run.reason
        trigger = run.trigger
        initiator = run.initiator
        parameters = ShownValue.parameters(run.parameters)
        nominalTime = run.nominalTime
        rerunOf = run.rerunOf
        submittedAt = run.submittedAt
        startedAt = run.startedAt
        endedAt = run.endedAt
        self.tasks = tasks
    }

    /// The run with everything that its attempts said, but for log lines.
    ///
    /// - Parameters:
    ///   - records: one a task, in the run's order.
    ///   - places: where in line tasks wait for a slot, by their place in the run.
    init(_ state: RunState, _ records: [AttemptRecord], places: [Int: Int] = [:]) {
        self.init(
            state.run,
            tasks: state.displayOrder.map { position in
                TaskDocument(state.tasks[position], records[position], placeInLine: places[position])
            })
    }
}

struct RunListDocument: Document {
    var runs: [RunDocument]
}

struct TaskDocument: Encodable {
    /// What `sluice logs` takes.
    var id: String
    var name: String
    var script: String
    var scriptHash: ContentHash
    var state: TaskState
    /// The specification's word for the state.
    var label: String
    var reason: String?
    /// Where in line it waits for a slot of its pool, from 1.
    var placeInLine: Int?
    /// Its place among the elements of a for-each, from 0.
    var element: Int?
    /// What it is run for.
    var item: JSONValue?
    var attempt: Int
    /// Those before the present one, oldest first.
    var attempts: [AttemptDocument]
    var database: String
    var schema: String
    var pool: String
    var startedAt: Date?
    var endedAt: Date?
    var failure: TaskFailure?
    var value: JSONValue?
    var warnings: [PlanWarning]
    var steps: [StepDocument]
    var artifacts: [Artifact]

    init(_ task: TaskRun, _ said: AttemptRecord, placeInLine: Int? = nil) {
        id = "\(task.id)"
        name = task.name
        script = task.pinned.script.name
        scriptHash = task.pinned.script.hash
        state = task.state
        label = task.state.label
        reason = task.reason
        self.placeInLine = placeInLine
        element = task.id.element
        item = task.item.map(ShownValue.value)
        attempt = task.attempt
        attempts = task.history.map(AttemptDocument.init)
        database = task.pinned.target.database
        schema = task.pinned.target.schema
        pool = task.pool
        startedAt = task.startedAt
        endedAt = task.endedAt
        failure = task.failure
        value = task.value
        warnings = task.pinned.warnings
        steps = said.steps.map(StepDocument.init)
        artifacts = said.artifacts
    }
}

/// An attempt that another one has followed.
struct AttemptDocument: Encodable {
    var number: Int
    var state: TaskState
    var label: String
    var reason: String?
    var startedAt: Date?
    var endedAt: Date
    var failure: TaskFailure?

    init(_ attempt: PastAttempt) {
        number = attempt.number
        state = attempt.state
        label = attempt.state.label
        reason = attempt.reason
        startedAt = attempt.startedAt
        endedAt = attempt.endedAt
        failure = attempt.failure
    }
}

struct StepDocument: Encodable {
    /// From 0.
    var index: Int
    var text: String
    var start: Int
    var end: Int
    var line: Int
    var column: Int
    var startedAt: Date
    /// `done`, `failed`, or `unknown` for one that was sent and whose end was never recorded.
    var state: String
    var duration: Double?
    var rowsReturned: Int?
    var rowsChanged: Int?
    var failure: TaskFailure?
    var preview: PreviewDocument?

    struct PreviewDocument: Encodable {
        var columns: [String]
        var rows: [[JSONValue]]
    }

    init(_ step: AttemptRecord.Step) {
        index = step.start.index
        text = step.start.text
        start = step.start.range.start
        end = step.start.range.end
        line = step.start.range.line
        column = step.start.range.column
        startedAt = step.start.at
        state = step.end.map { $0.failure == nil ? "done" : "failed" } ?? "unknown"
        duration = step.end?.duration
        rowsReturned = step.end?.rowsReturned
        rowsChanged = step.end?.rowsChanged
        failure = step.end?.failure
        preview = step.preview.map { PreviewDocument(columns: $0.columns, rows: $0.rows) }
    }
}
