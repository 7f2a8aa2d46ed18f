import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a task said: its output, its statements, its error.")

    @Argument(
        help: ArgumentHelp(
            "A task run: 17.2, or 17/NAME, the task NAME of run 17; 17.2[3] for element 3 of a for-each, 17.2#1 for the "
                + "first attempt."))
    var taskRun: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (task, record) = try await global.withExistingFolder { folder in
            let task = try await TaskRunArgument.find(taskRun, through: folder.client)
            return (task, try await AttemptRecord(of: task, through: folder.client, kinds: .all))
        }
        guard !global.json else { return Output.standard.write(LogDocument(task, record).json) }
        let output = Output.standard
        let style = output.style
        for entry in LogDocument(task, record).entries {
            switch entry {
            case .line(let line):
                let text = output.isTerminal ? DisplayText.safe(line.text) : line.text
                output.line(line.stream == .output ? text : style.yellow(text))
            case .step(let step):
                let text = step.text.split(separator: "\n").first.map { DisplayText.safe($0) } ?? ""
                let rows =
                    step.rowsReturned.map { ", " + Formats.count($0, "row") }
                    ?? step.rowsChanged.map { ", " + Formats.count($0, "row") + " changed" } ?? ""
                let took = step.duration.map { Formats.duration($0) + rows } ?? "no end recorded"
                output.line(
                    style.dim("\(step.line): ") + DisplayText.fit(text, 100) + style.dim("  [\(step.state), \(took)]"))
            }
        }
        if task.state.isFailure {
            for line in FailureReport.lines(for: task, record: record, style: style) { output.line(line) }
        }
    }
}

/// What an attempt said, in its order, as `logs --json` prints it.
struct LogDocument: Document {
    enum Entry: Encodable {
        case line(LogLine)
        case step(StepDocument)

        private enum Key: String, CodingKey { case type }

        /// The entry's own fields with `"type": "line"` or `"type": "step"` beside them.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            switch self {
            case .line(let line):
                try container.encode("line", forKey: .type)
                try line.encode(to: encoder)
            case .step(let step):
                try container.encode("step", forKey: .type)
                try step.encode(to: encoder)
            }
        }
    }

    var taskRun: String
    var task: String
    var attempt: Int
    var state: TaskState
    var entries: [Entry]
    var failure: TaskFailure?

    init(_ task: TaskRun, _ record: AttemptRecord) {
        taskRun = "\(task.id)"
        self.task = task.name
        attempt = task.attempt
        state = task.state
        failure = task.failure
        let lines = record.lines.map { ($0.at, Entry.line($0)) }
        let steps = record.steps.map { ($0.start.at, Entry.step(StepDocument($0))) }
        // Each list is in its order already; a step comes before what was said while it ran.
        var merged: [Entry] = []
        var line = lines.startIndex
        for step in steps {
            while line < lines.endIndex, lines[line].0 < step.0 {
                merged.append(lines[line].1)
                line += 1
            }
            merged.append(step.1)
        }
        entries = merged + lines[line...].map(\.1)
    }
}
