import ArgumentParser
import Foundation
import Sluice

/// What every command understands.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The data folder. [default: $SLUICE_DATA, else ./.sluice]", valueName: "dir"),
        completion: .directory)
    var data: String?

    @Flag(help: "Print one JSON document for programs.")
    var json = false

    /// Where the data folder lies.
    var dataFolder: URL {
        let path = data ?? ProcessInfo.processInfo.environment["SLUICE_DATA"] ?? ".sluice"
        return URL(fileURLWithPath: path.isEmpty ? ".sluice" : path, isDirectory: true).standardizedFileURL
    }

    /// Opens the data folder for a command that only looks.
    ///
    /// - Throws: ``UsageError`` `folder-missing` instead of creating one.
    func openExisting() throws -> Installation {
        guard FileManager.default.fileExists(atPath: dataFolder.path) else {
            throw UsageError(
                "folder-missing",
                "There is no data folder at \(dataFolder.path). Start with 'sluice sync' or 'sluice run', "
                    + "or name another one with --data.")
        }
        return try Installation(at: dataFolder)
    }

    /// Opens the data folder, creating it when missing.
    func open() throws -> Installation { try Installation(at: dataFolder) }
}
