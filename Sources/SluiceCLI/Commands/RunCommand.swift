import ArgumentParser
import Foundation
import Sluice

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
        let installation = isFile ? try global.open() : try global.openExisting()
        let (subject, definition) = try subject(file, in: installation)
        let request = RunRequest(
            subject, initiator: Installation.person,
            parameters: try ParameterArguments.parse(parameters, for: definition))
        try await RunSession(installation: installation, json: global.json).run(request, named: definition.name)
    }

    private func subject(_ file: JobDefinition?, in installation: Installation) throws -> (
        RunRequest.Subject, JobDefinition
    ) {
        if let file { return (.definition(file), file) }
        let stored = try installation.store.requireJob(job)
        return (.job(stored.id), stored.definition)
    }
}

/// `--param name=value`, read by the type of the parameter's default.
enum ParameterArguments {
    static func parse(_ arguments: [String], for job: JobDefinition) throws -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                throw UsageError("parameter.syntax", "'--param \(argument)' is not of the form name=value.")
            }
            let name = String(argument[..<equals])
            let text = String(argument[argument.index(after: equals)...])
            values[name] = try value(text, name: name, like: job.parameters[name])
        }
        return values
    }

    private static func value(_ text: String, name: String, like example: JSONValue?) throws -> JSONValue {
        switch example {
        case nil, .string: return .string(text)
        case .null: return (try? JSONValue(parsing: Data(text.utf8))) ?? .string(text)
        case .some(let example):
            guard let value = try? JSONValue(parsing: Data(text.utf8)), value.kindName == example.kindName else {
                throw UsageError(
                    "parameter.type", "Parameter '\(name)' is a \(example.kindName), and '\(text)' is none.")
            }
            return value
        }
    }
}
