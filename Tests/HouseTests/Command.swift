import Foundation

/// A program run to its end.
struct Command {
    var status: Int32
    var output: Data
    var errors: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs `program`; a name without a slash is looked up on PATH.
    ///
    /// Output goes through files, because a full pipe that nobody reads stops the program.
    static func run(
        _ program: String, _ arguments: [String], in folder: URL = House.root, environment: [String: String] = [:]
    ) async throws -> Command {
        try await House.withTemporaryFolder { scratch in
            let output = scratch.appending(path: "output")
            let errors = scratch.appending(path: "errors")
            try Data().write(to: output)
            try Data().write(to: errors)

            let process = Process()
            process.executableURL = URL(filePath: program.contains("/") ? program : "/usr/bin/env")
            process.arguments = program.contains("/") ? arguments : [program] + arguments
            process.currentDirectoryURL = folder
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
                process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
                do { try process.run() } catch { done.resume(throwing: error) }
            }
            return Command(
                status: status, output: try Data(contentsOf: output),
                errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
        }
    }
}
