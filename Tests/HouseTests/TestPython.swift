import Foundation
import Testing

/// The Python environment of the tests.
enum TestPython {
    /// Runs a program that must succeed.
    static func run(_ arguments: [String]) async throws -> Command {
        try #require(
            FileManager.default.isExecutableFile(atPath: House.python.path),
            "The Python environment of the tests is missing; `make setup-test` makes it.")
        let command = try await Command.run(House.python.path, arguments)
        try #require(command.status == 0, "\(command.errors)")
        return command
    }
}
