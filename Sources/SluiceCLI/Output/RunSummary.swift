import Foundation
import Sluice

/// What a person reads when a run is over: how it ended, why a task failed, the last rows, the files it made.
struct RunSummary {
    private let state: RunState
    private let records: [AttemptRecord]

    init(_ state: RunState, store: any EngineStore) throws {
        self.state = state
        records = try state.tasks.map { try AttemptRecord(of: $0, in: store) }
    }

    func print(to output: Output) {
        let style = output.style
        for (task, record) in zip(state.tasks, records) where task.state.isFailure {
            output.line()
            output.line("\(style.red("✗")) \(style.bold(DisplayText.safe(task.name)))")
            for line in FailureReport.lines(for: task, record: record, style: style) { output.line("  " + line) }
            output.line(style.dim("  The whole log: sluice logs \(task.id)"))
        }
        printWarnings(to: output)
        printRows(to: output)
        printArtifacts(to: output)
        let time = Formats.duration(from: state.run.submittedAt, to: state.run.endedAt)
        let label = style.colour(state.run.status, state.run.status.label)
        let reason = state.run.reason.map { ": \(DisplayText.safe($0))" } ?? ""
        output.line()
        output.line("Run \(state.run.id): \(label)\(reason) \(style.dim("· \(time)"))")
    }

    private func printWarnings(to output: Output) {
        for task in state.tasks {
            for warning in task.pinned.warnings {
                let place = warning.line.map { "\(task.pinned.script.name):\($0)" } ?? task.pinned.script.name
                output.line("\(output.style.yellow("!")) \(place): \(DisplayText.safe(warning.message))")
            }
        }
    }

    /// The first rows of the last SELECT of a run that succeeded.
    private func printRows(to output: Output) {
        guard state.run.status == .succeeded, let place = records.lastIndex(where: { $0.lastPreview != nil }),
            let preview = records[place].lastPreview
        else { return }
        output.line()
        output.line(output.style.bold("Top rows of \(DisplayText.safe(state.tasks[place].name))"))
        for line in PreviewTable.lines(preview, limit: 10, style: output.style) { output.line("  " + line) }
    }

    private func printArtifacts(to output: Output) {
        for (task, record) in zip(state.tasks, records) {
            for artifact in record.artifacts {
                output.line()
                output.line(
                    "\(output.style.bold(DisplayText.safe(artifact.name))) of \(DisplayText.safe(task.name)): \(artifact.path)"
                )
            }
        }
    }
}

/// Rows of a result as a table.
enum PreviewTable {
    static func lines(_ preview: StepPreview, limit: Int, style: Style) -> [String] {
        let rows = preview.rows.prefix(limit)
        let numbers = preview.columns.indices.filter { column in
            rows.allSatisfy { $0[column].isNumberOrNull }
        }
        var table = TextTable(preview.columns, rightAligned: Set(numbers))
        for row in rows { table.add(row.map(\.cell)) }
        var lines = table.lines(style: style, limit: 40)
        if preview.rows.count > limit { lines.append(style.dim("… \(preview.rows.count - limit) more kept")) }
        return lines
    }
}

extension JSONValue {
    fileprivate var isNumberOrNull: Bool {
        switch self {
        case .null, .integer, .number: true
        default: false
        }
    }

    /// The value as it stands in a table's cell.
    fileprivate var cell: String {
        switch self {
        case .null: "NULL"
        case .string(let text): text
        default: canonicalText
        }
    }
}
