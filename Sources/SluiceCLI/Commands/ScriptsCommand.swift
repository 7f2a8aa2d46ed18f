import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct ScriptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scripts", abstract: "List the catalogue's scripts, show one, save a SQL script.",
        subcommands: [List.self, Show.self, Save.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the scripts of the catalogue.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let scripts = try await global.withExistingFolder { try await $0.client.perform(ListScripts()) }
            guard !global.json else {
                return Output.standard.write(ScriptListDocument(scripts: scripts.map { ScriptDocument($0) }).json)
            }
            guard !scripts.isEmpty else {
                return Output.standard.line(
                    "The catalogue is empty. Fill it with 'sluice sync --workbench DIR --bucket DIR'.")
            }
            var table = TextTable(["Name", "Kind", "Source", "Version", "Bytes", "Changed"], rightAligned: [4])
            for script in scripts {
                table.add([
                    script.name, script.kind.rawValue, script.source, script.version.hash.short,
                    Formats.count(script.version.size), Formats.time(script.modified),
                ])
            }
            table.lines(style: Output.standard.style).forEach { Output.standard.line($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a script.")

        @Argument(help: "The script's name, such as clean_flights.sql.") var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let (script, content) = try await global.withExistingFolder { folder in
                let script = try await folder.client.perform(FindScript(name))
                return (script, try await folder.client.perform(ReadScript(script.version.hash)))
            }
            let text = String(decoding: content, as: UTF8.self)
            global.json
                ? Output.standard.write(ScriptDocument(script, text: text).json)
                : Output.standard.write(text.hasSuffix("\n") ? text : text + "\n")
        }
    }

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Save a SQL script to the Workbench.",
            discussion: "It is listed at once. Saving a name again makes a new version of that script.")

        @Argument(help: "Its name: lower-case letters, digits and _, up to 128; '.sql' may stand behind.")
        var name: String
        @Argument(help: "The file to read; '-' for standard input.", completion: .file()) var file: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let content = try InputFile.read(file)
            let script = try await global.withFolder { try await $0.client.perform(SaveScript(name, content: content)) }
            global.json
                ? Output.standard.write(ScriptDocument(script).json)
                : Output.standard.line("Saved \(script.name), version \(script.version.hash.short).")
        }
    }
}

/// A file that a person named on the command line.
enum InputFile {
    /// Its bytes; those of standard input for `-`.
    static func read(_ path: String) throws -> Data {
        do {
            if path == "-" { return try FileHandle.standardInput.readToEnd() ?? Data() }
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw UsageError(
                "file.unreadable",
                isThere
                    ? "The file \(path) cannot be read: is it a file, and yours to read?" : "There is no file \(path).")
        }
    }
}
