import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a job and show its progress.",
        discussion: """
            A saved job by its name or number, or a job file, which is run without being saved. Ctrl-C stops the run \
            in good order; a second one leaves at once.
            """)

    @Argument(
        help: "A job's name or number, or a job file (*.json; '-' for standard input).",
        completion: .file(extensions: ["json"]))
    var job: String

    @Option(
        name: .customLong("param"), parsing: .singleValue,
        help: ArgumentHelp("Override a parameter that the job declares. Repeatable.", valueName: "k=v"))
    var parameters: [String] = []

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let isFile = job.hasSuffix(".json") || job == "-"
        // Read before the data folder is touched: a bad file changes nothing.
        let file = isFile ? try JobFile.read(try InputFile.read(job)) : nil
        if let file {
            try await global.withFolder { try await run(.definition(file), file, in: $0) }
        } else {
            try await global.withExistingFolder { folder in
                let stored = try await folder.client.perform(FindJob(job))
                try await run(.job(stored.id), stored.definition, in: folder)
            }
        }
    }

    private func run(
        _ subject: SubmitRun.Subject, _ definition: JobDefinition, in folder: OpenFolder
    ) async throws {
        let request = SubmitRun(subject, parameters: try ParameterArguments.parse(parameters, for: definition))
        try await RunSession(folder: folder, json: global.json).run(request, named: definition.name)
    }
}

/// `--param name=value`, read by the parameter's type.
enum ParameterArguments {
    static func parse(_ arguments: [String], for job: JobDefinition) throws -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                throw UsageError("parameter.syntax", "'--param \(argument)' is not of the form name=value.")
            }
            let name = String(argument[..<equals])
            let text = String(argument[argument.index(after: equals)...])
            // Of a parameter that the job does not declare the engine says what there is.
            let type = job.parameters[name]?.type ?? .text
            guard let value = type.value(typed: text) else {
                throw UsageError("parameter.type", "Parameter '\(name)' takes \(type.words), and '\(text)' is none.")
            }
            values[name] = value
        }
        return values
    }
}
