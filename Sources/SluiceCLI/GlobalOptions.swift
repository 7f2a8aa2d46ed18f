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

    func validate() throws {
        if data?.isEmpty == true { throw ValidationError("--data names no folder: its value is empty.") }
    }

    /// Where the data folder lies.
    var dataFolder: URL {
        let path = data ?? ProcessInfo.processInfo.environment["SLUICE_DATA"] ?? ".sluice"
        return URL(fileURLWithPath: path.isEmpty ? ".sluice" : path, isDirectory: true).standardizedFileURL
    }

    var hasDataFolder: Bool { FileManager.default.fileExists(atPath: dataFolder.path) }

    /// What a command says that needs a data folder where there is none.
    var missingFolder: UsageError {
        UsageError(
            "folder-missing",
            "There is no data folder at \(dataFolder.path). Start with 'sluice sync' or 'sluice run', "
                + "or name another one with --data.")
    }

    /// Opens the data folder for a command that only looks, for as long as `body` takes.
    ///
    /// - Throws: ``UsageError`` `folder-missing` instead of creating one.
    func withExistingFolder<Result>(_ body: (OpenFolder) async throws -> Result) async throws -> Result {
        guard hasDataFolder else { throw missingFolder }
        return try await withFolder(body)
    }

    /// Opens the data folder, creating it when missing, for as long as `body` takes.
    func withFolder<Result>(_ body: (OpenFolder) async throws -> Result) async throws -> Result {
        let folder = try await OpenFolder(at: dataFolder)
        let result: Result
        do {
            result = try await body(folder)
        } catch {
            // The first error explains; what closing adds after it does not.
            do { try await folder.close() } catch _ {}
            throw error
        }
        try await folder.close()
        return result
    }
}
