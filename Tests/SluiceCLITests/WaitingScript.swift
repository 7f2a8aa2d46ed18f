import Foundation
import Testing

/// A Python task that says it is there by a file, and stays until another file appears.
enum WaitingScript {
    static func text(_ sluice: CommandLine) -> String {
        """
        import os, time
        open("\(sluice.path("here"))", "w").write(str(os.getpid()))
        while not os.path.exists("\(sluice.path("go-on"))"):
            time.sleep(0.01)
        """
    }

    static func waitUntilHere(_ sluice: CommandLine, _ running: CommandLine.Running) async throws {
        while !FileManager.default.fileExists(atPath: sluice.path("here")) {
            try #require(running.process.isRunning, "sluice ended before its script began")
            await Task.yield()
        }
    }
}
