import ArgumentParser
import Foundation
import Logging
import SQLExecutor

@main
enum Main {
    static func main() async {
        // A reader that goes away (`sluice logs 3.1 | head`) ends a write with an error, not the process.
        signal(SIGPIPE, SIG_IGN)
        SQLiteConnector.spareMemoryStatistics()
        // What fails is thrown and printed once, as a person reads it.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        do {
            var command = try SluiceCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(Failure.report(error, asJSON: CommandLine.arguments.contains("--json")))
        }
    }
}
