import Foundation
import Sluice
import Testing

/// What happens to a data folder: two processes on it, a killed one, one from the future, one that cannot be written.
@Suite(.ownThreads) struct DataFolderCommandTests {
    /// A Python task that says it is there by a file, and stays until another file appears.
    private static func waitingScript(_ sluice: CommandLine) -> String {
        """
        import os, time
        open("\(sluice.path("here"))", "w").close()
        while not os.path.exists("\(sluice.path("go-on"))"):
            time.sleep(0.01)
        """
    }

    /// Returns once the script says that it runs.
    private static func waitUntilHere(_ sluice: CommandLine, _ running: CommandLine.Running) async throws {
        while !FileManager.default.fileExists(atPath: sluice.path("here")) {
            try #require(running.process.isRunning, "sluice ended before its script began")
            await Task.yield()
        }
    }

    @Test func aSecondEngineIsRefusedAndLookingIsNot() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice))])
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)

        let second = try sluice.run("run", job)
        #expect(second.status == 3)
        #expect(second.errors.contains("\(running.process.processIdentifier)"), "\(second.errors)")
        #expect(second.errors.contains("name another data folder"))
        #expect(try sluice.run("runs", "show", "1", "--json").document["status"] == "running")
        try sluice.write("workbench/b.sql", "SELECT 1;")
        #expect(try sluice.run("sync").status == 0)

        try sluice.write("go-on", "")
        #expect(try running.wait().status == 0)
        #expect(try sluice.run("run", job).status == 0)
    }

    @Test func interruptingARunStopsItInGoodOrder() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice)), ("b.sql", "SELECT 1;")])
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        kill(running.process.processIdentifier, SIGINT)
        let result = try running.wait()
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("terminated by"))
        let shown = try sluice.run("runs", "show", "1", "--json").document
        #expect(shown["tasks"]?[0]?["state"] == "terminated")
        #expect(shown["tasks"]?[1]?["state"] == "notRun")
    }

    @Test func whatWasAcknowledgedSurvivesAKill() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1);"),
            ("b.py", "print('said', flush=True)\n" + Self.waitingScript(sluice)),
            ("c.sql", "SELECT 1;"),
        ])
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()

        // The next engine finds the dead one's attempt and ends that run before it goes on.
        let next = try sluice.job(over: [("d.sql", "SELECT a FROM t;")])
        let result = try sluice.run("run", next)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let shown = try sluice.run("runs", "show", "1", "--json").document
        #expect(shown["status"] == "failed")
        #expect(shown["tasks"]?[0]?["state"] == "succeeded")
        #expect(shown["tasks"]?[1]?["state"] == "lost")
        #expect(shown["tasks"]?[2]?["state"] == "notRun")
        #expect(try sluice.run("logs", "1.2").output.contains("said"))
    }

    @Test func aFolderOfANewerVersionIsLeftAlone() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);")])
        let format = sluice.data.appendingPathComponent("format")
        try #require(FileManager.default.fileExists(atPath: format.path))
        let before = try Data(contentsOf: format)
        try Data("99\n".utf8).write(to: format)
        let result = try sluice.run("run", job)
        #expect(result.status == 3)
        #expect(result.errors.contains("newer"), "\(result.errors)")
        #expect(try Data(contentsOf: format) == Data("99\n".utf8))
        try before.write(to: format)
        #expect(try sluice.run("run", job).status == 0)
    }

    @Test func processesThatFindANewFolderTogetherAllSucceed() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("workbench/a.sql", "SELECT 1;")
        for round in 0..<3 {
            let data = sluice.path("new-\(round)")
            let together = try (0..<4).map { _ in
                try sluice.start(["sync", "--workbench", sluice.path("workbench"), "--data", data])
            }
            for process in together {
                let result = try process.wait()
                #expect(result.status == 0, "\(result.errors)")
            }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("plain-file", "")
        try sluice.write(
            "job.job.json", #"{"format":"sluice.job/1","name":"J","tasks":[{"name":"a","script":"a.sql"}]}"#)
        let result = try sluice.run(
            "run", sluice.path("job.job.json"), "--data", sluice.path("plain-file/data"))
        #expect(result.status == 3)
        #expect(result.errors.contains("plain-file/data"), "\(result.errors)")
    }
}
