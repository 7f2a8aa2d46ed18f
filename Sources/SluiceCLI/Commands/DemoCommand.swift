import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Sync the example scripts and run the example job on real flights.",
        discussion: "What 'make demo' runs; the same as 'sluice sync' and 'sluice run' on the project's Fixtures.")

    @Option(help: ArgumentHelp("Where the example lies.", valueName: "dir"), completion: .directory)
    var fixtures = "Fixtures"

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let example = URL(fileURLWithPath: fixtures, isDirectory: true)
        let file = example.appendingPathComponent("flights.job.json").path
        guard FileManager.default.fileExists(atPath: file) else {
            throw UsageError(
                "demo.not-found",
                "There is no example at \(example.path). Run this in the project's folder, or name its Fixtures folder "
                    + "with --fixtures.")
        }
        let job = try JobFile.read(try InputFile.read(file))
        try await global.withFolder { folder in
            // Sources of its own, and not remembered: the folders that a person syncs stay as they are.
            let synced = try await folder.client.perform(
                SyncFolders([
                    ScriptFolder(
                        name: "demo workbench", location: example.appendingPathComponent("workbench").path,
                        layout: .workbench),
                    ScriptFolder(
                        name: "demo bucket", location: example.appendingPathComponent("bucket").path, layout: .bucket),
                ]))
            if !global.json {
                SyncDocument(synced).print(to: .standard)
                Output.standard.line()
            }
            try await RunSession(folder: folder, json: global.json).run(
                SubmitRun(.definition(job)), named: job.name)
        }
    }
}
