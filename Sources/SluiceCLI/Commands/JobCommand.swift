import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Import, export, list and show jobs.",
        subcommands: [Import.self, Export.self, List.self, Show.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import a job file. It lands in Drafts.",
            discussion: "Scripts and tables are not carried along; what is missing here is said.")

        @Argument(help: "A job file (*.job.json); '-' for standard input.", completion: .file()) var file: String
        @Flag(help: "Save it to Jobs at once.") var save = false
        @Flag(help: "With --save: make it the new version of a saved job of that name.") var replace = false
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if replace, !save { throw ValidationError("--replace goes with --save: a draft replaces nothing.") }
        }

        func run() async throws {
            let definition = try JobFile.read(try InputFile.read(file))
            let (job, missing) = try await global.withFolder { folder in
                let job = try await folder.client.perform(
                    SaveJob(definition, as: save ? .saved : .draft, replacing: replace))
                return (job, try await folder.client.perform(CheckJob(definition)))
            }
            guard !global.json else {
                return Output.standard.write(JobDocument(job, missing: missing).json)
            }
            let place = save ? "Jobs, version \(job.version.version)" : "Drafts"
            Output.standard.line("'\(DisplayText.safe(job.definition.name))' is in \(place), as job \(job.id).")
            for problem in missing {
                Output.standard.line("  \(Output.standard.style.yellow("!")) \(problem.path): \(problem.message)")
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a job as a job file.")

        @Argument(help: "The job's name or number.") var job: String
        @Argument(help: "The file to write; standard output when not given.", completion: .file()) var file: String?
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let stored = try await global.withExistingFolder { try await $0.client.perform(FindJob(job)) }
            let data = JobFile.write(stored.definition)
            guard let file, file != "-" else { return Output.standard.write(String(decoding: data, as: UTF8.self)) }
            do {
                try data.write(to: URL(fileURLWithPath: file), options: .atomic)
            } catch {
                throw UsageError("file.unwritable", "The file \(file) cannot be written: \(error.localizedDescription)")
            }
            if !global.json { Output.standard.line("Wrote \(file).") }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs and drafts.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let jobs = try await global.withExistingFolder { try await $0.client.perform(ListJobs()) }
            guard !global.json else {
                return Output.standard.write(JobListDocument(jobs: jobs.map { JobDocument($0) }).json)
            }
            guard !jobs.isEmpty else {
                return Output.standard.line("There are no jobs yet. Import one: 'sluice job import --save FILE'.")
            }
            var table = TextTable(
                ["Job", "Name", "Where", "Version", "Tasks", "Owner", "Changed"], rightAligned: [0, 3, 4])
            for job in jobs {
                table.add([
                    "\(job.id)", job.definition.name, job.status == .saved ? "Jobs" : "Drafts",
                    "\(job.version.version)", "\(job.definition.tasks.count)", job.owner,
                    Formats.time(job.updatedAt),
                ])
            }
            table.lines(style: Output.standard.style).forEach { Output.standard.line($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a job and its tasks.")

        @Argument(help: "The job's name or number.") var job: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let job = try await global.withExistingFolder { try await $0.client.perform(FindJob(self.job)) }
            let definition = job.definition
            guard !global.json else {
                let file = try JSONValue(parsing: JobFile.write(definition))
                return Output.standard.write(JobDocument(job, definition: ShownValue.definition(file)).json)
            }
            let output = Output.standard
            output.line(output.style.bold(DisplayText.safe(definition.name)))
            if !definition.description.isEmpty { output.line(DisplayText.safe(definition.description)) }
            output.line(
                output.style.dim(
                    "Job \(job.id), version \(job.version.version), in \(job.status == .saved ? "Jobs" : "Drafts"), "
                        + "owner \(job.owner), changed \(Formats.time(job.updatedAt))"))
            for (name, parameter) in definition.parameters.sorted(by: { $0.key < $1.key }) {
                let shown = parameter.defaultValue.flatMap { ShownValue.parameters([name: $0])[name] }
                let value = shown.map { "= \(DisplayText.safe($0.canonicalText))" } ?? "has no default"
                let about = parameter.description.isEmpty ? "" : ": \(DisplayText.safe(parameter.description))"
                output.line("Parameter \(name) (\(parameter.type.rawValue)) \(value)\(about)")
            }
            var table = TextTable(["#", "Task", "Script", "After", "Description"], rightAligned: [0])
            for (index, task) in definition.tasks.enumerated() {
                let after = task.after.map { $0.isEmpty ? "nothing" : $0.joined(separator: ", ") }
                table.add(["\(index + 1)", task.name, task.script, after ?? "", task.description])
            }
            table.lines(style: output.style).forEach { output.line($0) }
        }
    }
}
