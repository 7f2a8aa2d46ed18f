import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs; show, stop, repeat or resume one.",
        subcommands: [List.self, Show.self, Stop.self, Rerun.self, Resume.self], defaultSubcommand: List.self)

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
}

extension RunEvent {
    /// Whether the run is over with it.
    var endsRun: Bool {
        if case .run(let status, _) = change { return status.isEnded }
        return false
    }
}
