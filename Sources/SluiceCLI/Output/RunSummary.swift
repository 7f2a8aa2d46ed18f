import Foundation
import Sluice

/// What a person reads when a run is over: how it ended, why a task failed, the last rows, the files it made.
struct RunSummary {
    private let state: RunState
    private let records: [AttemptRecord]

    /// - Parameter records: one a task, in the run's order.
    init(_ state: RunState, records: [AttemptRecord]) {
        self.state = state
        self.records = records
    }

    func print(to output: Output) {
        let style = output.style
        printFailures(to: output)
        printWarnings(to: output)
        printRows(to: output)
        printArtifacts(to: output)
        let time = Formats.duration(from: state.run.submittedAt, to: state.run.endedAt)
        let label = style.colour(state.run.status, state.run.status.label)
        let reason = state.run.reason.map { ": \(DisplayText.safe($0))" } ?? ""
        output.line()
        output.line("Run \(state.run.id): \(label)\(reason) \(style.dim("· \(time)"))")
    }

    /// How many elements of one task are told of.
    private static let elementLimit = 5

    private func printFailures(to output: Output) {
        let style = output.style
        for group in state.groups where group.task.state.isFailure {
            let failed = group.elementPositions.filter { state.tasks[$0].state.isFailure }
            for position in [group.position] + failed.prefix(Self.elementLimit) {
                let task = state.tasks[position]
                let record = records[position]
                output.line()
                output.line("\(style.red("✗")) \(style.bold(DisplayText.safe(task.displayName)))")
                for line in FailureReport.lines(for: task, record: record, style: style) { output.line("  " + line) }
                for line in StatementReport.lines(for: task, record: record) { output.line("  " + line) }
                if task.attempt > 0 { output.line(style.dim("  The whole log: sluice logs \(task.id)")) }
            }
            let rest = failed.count - Self.elementLimit
            if rest > 0 {
                output.line(style.dim("  … and \(Formats.count(rest)) more of its elements that failed"))
            }
        }
    }

    private func printWarnings(to output: Output) {
        // Those of a for-each's elements are their task's.
        for task in state.tasks where task.id.element == nil {
            for warning in task.pinned.warnings.prefix(Self.warningLimit) {
                let column = warning.column.map { ":\($0)" } ?? ""
                let place = task.pinned.script.name + (warning.line.map { ":\($0)\(column)" } ?? "")
                output.line("\(output.style.yellow("!")) \(place): \(DisplayText.safe(warning.message))")
            }
            let rest = task.pinned.warnings.count - Self.warningLimit
            if rest > 0 {
                output.line(
                    "\(output.style.yellow("!")) \(task.pinned.script.name): \(Formats.count(rest, "more warning")), "
                        + "all of them in 'sluice plan \(task.pinned.script.name)'")
            }
        }
    }

    /// How many warnings of one task are printed.
    private static let warningLimit = 5

    /// The first rows that a run which succeeded leaves its reader: of the last task whose value is a table, or whose
    /// last SELECT answered rows.
    private func printRows(to output: Output) {
        guard state.run.status == .succeeded else { return }
        for (task, record) in zip(state.tasks, records).reversed() where task.id.element == nil {
            guard let rows = task.value.flatMap(RowsTable.init(value:)) ?? record.lastPreview.map(RowsTable.init)
            else { continue }
            output.line()
            output.line(output.style.bold("Top rows of \(DisplayText.safe(task.name))"))
            for line in rows.lines(limit: 10, style: output.style) { output.line("  " + line) }
            return
        }
    }

    /// How many files are told of.
    private static let fileLimit = 20

    private func printArtifacts(to output: Output) {
        let files = zip(state.tasks, records).flatMap { task, record in record.artifacts.map { (task, $0) } }
        for (task, artifact) in files.prefix(Self.fileLimit) {
            let name = output.style.bold(DisplayText.safe(artifact.name))
            output.line()
            output.line("\(name) of \(DisplayText.safe(task.displayName)): \(artifact.path)")
        }
        if files.count > Self.fileLimit {
            output.line("… and \(Formats.count(files.count - Self.fileLimit, "more file"))")
        }
    }
}
