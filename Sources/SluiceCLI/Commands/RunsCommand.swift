import ArgumentParser
import Foundation
import Sluice

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs, show one.",
        subcommands: [List.self, Show.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List runs, newest first.")

        @Option(help: ArgumentHelp("How many.", valueName: "n")) var limit = 20
        @Option(help: ArgumentHelp("Only runs of this job.", valueName: "name")) var job: String?
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit takes a whole number from 1.") }
        }

        func run() throws {
            let runs = try global.openExisting().store.runs(RunQuery(jobName: job, limit: limit))
            guard !global.json else {
                return Output.standard.write(RunListDocument(runs: runs.map { RunDocument($0) }).json)
            }
            guard !runs.isEmpty else {
                return Output.standard.line("There are no runs yet. Start one: 'sluice run JOB'.")
            }
            var table = TextTable(["Run", "Job", "Status", "Started", "Took", "Reason"], rightAligned: [0, 4])
            for run in runs {
                table.add([
                    "\(run.id)", run.definition.name, run.status.label, Formats.time(run.startedAt ?? run.submittedAt),
                    Formats.duration(from: run.startedAt, to: run.endedAt), run.reason ?? "",
                ])
            }
            table.lines(style: Output.standard.style).forEach { Output.standard.line($0) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a run with its tasks and statements.")

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let store = try global.openExisting().store
            guard let state = try store.run(RunID(number)) else {
                throw UsageError("run.unknown", "There is no run \(number). See 'sluice runs'.")
            }
            guard !global.json else { return Output.standard.write(try RunDocument(state, store: store).json) }
            let output = Output.standard
            let style = output.style
            output.line("\(style.bold(DisplayText.safe(state.run.definition.name))) · run \(state.run.id)")
            output.line(
                style.dim(
                    "\(state.run.trigger.rawValue) by \(state.run.initiator), started "
                        + Formats.time(state.run.startedAt ?? state.run.submittedAt)))
            var table = TextTable(
                ["Task run", "Task", "Script", "Status", "Took", "Statements", "Where"], rightAligned: [4, 5])
            let records = try state.tasks.map { try AttemptRecord(of: $0, in: store) }
            for (task, record) in zip(state.tasks, records) {
                table.add([
                    "\(task.id)", task.name, task.pinned.script.name, task.state.label,
                    Formats.duration(from: task.startedAt, to: task.endedAt),
                    task.pinned.stepCount == 0
                        ? ""
                        : "\(record.steps.count { $0.end?.failure == nil && $0.end != nil }) of \(task.pinned.stepCount)",
                    "\(task.pinned.target.database).\(task.pinned.target.schema), pool \(task.pool)",
                ])
            }
            table.lines(style: style).forEach { output.line($0) }
            RunSummary(state, records: records).print(to: output)
        }
    }
}
