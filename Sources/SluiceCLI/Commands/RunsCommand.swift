import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs, show one, stop one.",
        subcommands: [List.self, Show.self, Stop.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List runs, newest first.")

        @Option(help: ArgumentHelp("How many.", valueName: "n")) var limit = 20
        @Option(help: ArgumentHelp("Only runs of this job.", valueName: "name")) var job: String?
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit takes a whole number from 1.") }
        }

        func run() async throws {
            let runs = try await global.withExistingFolder { try await list(through: $0.client) }
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

        private func list(through client: any EngineClient) async throws -> [Run] {
            var runs: [Run] = []
            while runs.count < limit {
                let page = try await client.perform(
                    ListRuns(before: runs.last?.id, job: job, limit: limit - runs.count))
                guard !page.isEmpty else { break }
                runs += page
            }
            return runs
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a run with its tasks and statements.")

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let (state, records) = try await global.withExistingFolder { folder in
                let state = try await folder.client.perform(FindRun(RunID(number)))
                return (state, try await AttemptRecord.all(of: state, through: folder.client))
            }
            guard !global.json else { return Output.standard.write(RunDocument(state, records).json) }
            let output = Output.standard
            let style = output.style
            output.line("\(style.bold(DisplayText.safe(state.run.definition.name))) · run \(state.run.id)")
            output.line(
                style.dim(
                    "\(state.run.trigger.rawValue) by \(state.run.initiator), started "
                        + Formats.time(state.run.startedAt ?? state.run.submittedAt)))
            var table = TextTable(
                ["Task run", "Task", "Script", "Status", "Took", "Statements", "Where"], rightAligned: [4, 5])
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
    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a run: what waits will not start, what runs is ended.")

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @Flag(name: .customLong("no-wait"), help: "Do not wait until it has ended.") var noWait = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let id = RunID(number)
            let (wasOver, state, records) = try await global.withExistingFolder { folder in
                let before = try await folder.client.perform(FindRun(id))
                let state = before.run.status.isEnded ? before : try await stop(id, in: folder)
                return (
                    before.run.status.isEnded, state, try await AttemptRecord.all(of: state, through: folder.client)
                )
            }
            guard !global.json else { return Output.standard.write(RunDocument(state, records).json) }
            guard state.run.status.isEnded else { return Output.standard.line("Run \(id) is stopping.") }
            let reason = state.run.reason.map { ": \(DisplayText.safe($0))" } ?? ""
            let words = wasOver ? "had ended before" : "has ended"
            Output.standard.line("Run \(id) \(words): \(state.run.status.label)\(reason)")
        }

        private func stop(_ run: RunID, in folder: OpenFolder) async throws -> RunState {
            let noWait = noWait
            return try await folder.withoutOtherEngine(purpose: "stopping run \(run)") { client in
                let state = try await client.perform(StopRun(run))
                guard !state.run.status.isEnded, !noWait else { return state }
                var seen: Int64 = 0
                while true {
                    let events = try await client.perform(FollowEvents(run, after: seen, wait: FollowEvents.waitLimit))
                    seen = events.last?.sequence ?? seen
                    if events.contains(where: \.endsRun) { return try await client.perform(FindRun(run)) }
                }
            }
        }
    }
}

extension RunEvent {
    /// Whether the run is over with it.
    var endsRun: Bool {
        if case .run(let status, _) = change { return status.isEnded }
        return false
    }
}
