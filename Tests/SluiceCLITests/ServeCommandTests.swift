import Foundation
import Sluice
import Testing

/// A data folder with a server on it, and the commands that go through that.
@Suite(.ownThreads) struct ServeCommandTests {
    /// A Python task that says it is there by a file, and stays until another file appears.
    private static func waitingScript(_ sluice: CommandLine) -> String {
        """
        import os, time
        open("\(sluice.path("here"))", "w").write(str(os.getpid()))
        while not os.path.exists("\(sluice.path("go-on"))"):
            time.sleep(0.01)
        """
    }

    private static func waitUntilHere(_ sluice: CommandLine, _ running: CommandLine.Running) async throws {
        while !FileManager.default.fileExists(atPath: sluice.path("here")) {
            try #require(running.process.isRunning, "sluice ended before its script began")
            await Task.yield()
        }
    }

    @Test func whatOnlyLooksReadsTheSameToTheByte() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT a, 2.0 AS b, 'é' AS c FROM t;"),
            ("b.py", "import sluice\nprint('é\\n' * 3)\nsluice.progress(0.5, 'half')\nraise SystemExit(2)"),
        ])
        try sluice.run("job", "import", "--save", job)
        try sluice.run("job", "import", job)
        try sluice.run("run", "Job")
        try sluice.run("run", job, "--json")
        let looks: [[String]] = [
            ["runs"], ["runs", "--limit", "1"], ["runs", "--job", "Nobody"], ["runs", "show", "1"],
            ["runs", "show", "9"], ["logs", "1.1"], ["logs", "1/t2"], ["logs", "1.7"], ["logs", "x"],
            ["scripts"], ["scripts", "show", "a"], ["scripts", "show", "aa.sql"], ["job", "list"],
            ["job", "show", "Job"], ["job", "show", "Jab"], ["job", "export", "1"], ["plan", "a.sql"],
            ["plan", "b.py"], ["plan", "nowhere.sql"], ["plan", job], ["run", "Nobody"], ["run", "2"],
            ["run", "Job", "--param", "x=1"], ["runs", "stop", "1"], ["runs", "stop", "9"],
            ["runs", "stop", "1", "--task", "t1"], ["runs", "rerun", "9"], ["runs", "resume", "1"],
            ["runs", "resume", "1", "--task", "t9"], ["runs", "rerun", "9", "--failed"], ["pool", "list"],
            ["pool", "set", "nowhere", "--slots", "1"], ["pool", "delete", "default"],
        ]
        var direct: [CommandLine.Result] = []
        for look in looks + looks.map({ $0 + ["--json"] }) { direct.append(try sluice.start(look).wait()) }
        let server = try await Server(sluice)
        for (look, expected) in zip(looks + looks.map { $0 + ["--json"] }, direct) {
            let served = try sluice.start(look).wait()
            #expect(served.status == expected.status, "\(look)")
            #expect(served.output == expected.output, "\(look)")
            #expect(served.errors == expected.errors, "\(look)")
        }
        #expect(try server.stop().status == 0)
    }

    @Test func whatChangesTheFolderSaysTheSame() async throws {
        let changes: [[String]] = [
            ["sync", "--workbench", "workbench", "--bucket", "bucket"], ["sync"], ["sync", "--bucket", "nowhere"],
            ["scripts", "save", "c", "c.txt"], ["scripts", "save", "No Name", "c.txt"],
            ["job", "import", "job.job.json"], ["run", "Job"], ["job", "import", "--save", "job.job.json"],
            ["job", "import", "--save", "job.job.json"], ["job", "import", "--save", "--replace", "job.job.json"],
            ["job", "import", "lost.job.json"], ["run", "Job"], ["run", "2", "--json"], ["run", "bad.job.json"],
            ["run", "lost.job.json"], ["runs", "rerun", "2"], ["runs", "rerun", "2", "--failed"], ["runs"],
            ["runs", "show", "2", "--json"], ["runs", "show", "2"], ["runs", "rerun", "2", "--failed", "--json"],
            ["pool", "create", "etl", "--memory", "1G"], ["pool", "create", "etl"], ["pool", "suspend", "etl"],
            ["pool", "list"],
        ]
        var said: [[String]] = []
        for isServed in [false, true] {
            let sluice = try CommandLine()
            defer { sluice.remove() }
            try sluice.write("workbench/a.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1);\nSELECT 1 AS one;")
            try sluice.write("workbench/Bad.sql", "SELECT 1;")
            try sluice.write("bucket/b.py", "print('one')\nprint('two')")
            try sluice.write("bucket/c.py", "raise ValueError('no')")
            try sluice.write("c.txt", "SELECT 3;\n")
            try sluice.job(["a.sql", "b.py", "c.py"])
            try sluice.job(["nowhere.sql"], name: "Lost", file: "lost.job.json")
            try sluice.write("bad.job.json", "{")
            let server = isServed ? try await Server(sluice) : nil
            said.append(
                try changes.map { change in
                    let result = try sluice.start(change).wait()
                    return Self.withoutTimes(
                        "\(change) \(result.status)\n\(result.output)\n\(result.errors)", sluice.folder.path)
                })
            if let server { #expect(try server.stop().status == 0) }
        }
        for (direct, served) in zip(said[0], said[1]) { #expect(direct == served) }
    }

    /// `text` without what differs between two runs of the same thing: the place, and times.
    private static func withoutTimes(_ text: String, _ folder: String) -> String {
        text.replacingOccurrences(of: folder, with: "FOLDER")
            .replacing(/\d{4}-\d\d-\d\dT[0-9:.]+Z/, with: "INSTANT")
            .replacing(/\d{4}-\d\d-\d\d \d\d:\d\d/, with: "TIME")
            .replacing(/"duration" : [0-9.e-]+/, with: "DURATION")
            .replacing(#/ *\d+(\.\d+)? m?s\b/#, with: " TOOK")
            // Columns are as wide as the times in them.
            .replacing(#/ +/#, with: " ")
    }

    @Test func aRunGoesOnWithoutTheCommandThatShowsIt() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice))])
        let server = try await Server(sluice)
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()
        #expect(try sluice.run("runs", "show", "1", "--json").document["status"] == "running")
        try sluice.write("go-on", "")
        while try sluice.run("runs", "show", "1", "--json").document["status"] == "running" { await Task.yield() }
        #expect(try sluice.run("runs", "show", "1", "--json").document["status"] == "succeeded")
        #expect(try server.stop().status == 0)
    }

    @Test func interruptingACommandStopsItsRunInTheServer() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice)), ("b.sql", "SELECT 1;")])
        let server = try await Server(sluice)
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        kill(running.process.processIdentifier, SIGINT)
        let result = try running.wait()
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("terminated by"))
        #expect(result.errors.contains("Stopping run 1"))
        #expect(try sluice.run("runs", "--json").document["runs"]?[0]?["status"] == "failed")
        #expect(try server.stop().status == 0)
    }

    @Test func runsStopEndsARunFromAnotherCommand() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice))])
        let server = try await Server(sluice)
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        let stopped = try sluice.run("runs", "stop", "1")
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(stopped.output.hasPrefix("Run 1 has ended: Failed: "), "\(stopped.output)")
        #expect(try running.wait().status == 1)
        #expect(try sluice.run("runs", "stop", "1").output.hasPrefix("Run 1 had ended before"))
        #expect(try server.stop().status == 0)
    }

    @Test func aServerThatStopsTerminatesAndRecordsWhatRuns() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let python = try sluice.job(over: [
            ("a.py", Self.waitingScript(sluice)),
            ("long.sql", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;"),
        ])
        let sql = try sluice.job(["long.sql"], name: "SQL", file: "sql.job.json")
        let server = try await Server(sluice, grace: 0)
        let first = try sluice.start(["run", python])
        let second = try sluice.start(["run", sql])
        try await Self.waitUntilHere(sluice, first)
        let script = try #require(Int32(try String(contentsOfFile: sluice.path("here"), encoding: .utf8)))
        func states(_ status: JSONValue) throws -> Bool {
            guard case .array(let runs)? = try sluice.run("runs", "--json").document["runs"] else { return false }
            return runs.count == 2 && runs.allSatisfy { $0["status"] == status }
        }
        while try !states("running") { await Task.yield() }
        let workers = server.children
        #expect(!workers.isEmpty)
        let ended = try server.stop()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.errors.contains("Stopped."))
        for process in workers + [script] { #expect(kill(process, 0) != 0, "\(process) lives") }
        for shown in [first, second] {
            let result = try shown.wait()
            #expect(result.status == 1 || result.status == 3, "\(result.errors)")
        }
        #expect(try states("failed"))
        for run in ["1", "2"] {
            let tasks = try sluice.run("runs", "show", run, "--json").document["tasks"]
            #expect(tasks?[0]?["state"] == "terminated")
        }
    }

    @Test func aSecondSignalEndsTheServerAtOnceAndNoProcessStays() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice))])
        let server = try await Server(sluice, grace: 3_600)
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        kill(server.running.process.processIdentifier, SIGTERM)
        while try !server.running.errorsSoFar.contains("Stopping: one task runs") { await Task.yield() }
        #expect(try sluice.run("runs").status == 0, "it answers until it ends")
        #expect(try sluice.run("run", job).errors.contains("takes on no new run"))
        #expect(try server.stop().status == 128 + SIGTERM)
        #expect(try running.wait().status == 3)
        let script = try #require(Int32(try String(contentsOfFile: sluice.path("here"), encoding: .utf8)))
        while kill(script, 0) == 0 { await Task.yield() }
    }

    @Test func aCommandWhoseServerIsKilledSaysThatTheRunGoesOn() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice)), ("b.sql", "SELECT 1;")])
        let server = try await Server(sluice)
        let running = try sluice.start(["run", job, "--json"])
        try await Self.waitUntilHere(sluice, running)
        try server.kill9()
        let result = try running.wait()
        #expect(result.status == 3)
        let error = try JSONValue(parsing: Data(result.errors.utf8))["error"]
        #expect(error?["code"] == "server.gone")
        #expect(error?["message"]?.text?.contains("sluice runs show 1") == true)

        // The folder can be looked at without a server.
        #expect(try sluice.run("runs", "--json").document["runs"]?[0]?["status"] == "running")
        try sluice.write("go-on", "")
        let next = try await Server(sluice)
        while try sluice.run("runs", "show", "1", "--json").document["status"] == "running" { await Task.yield() }
        let tasks = try sluice.run("runs", "show", "1", "--json").document["tasks"]
        #expect(tasks?[0]?["state"] == "lost", "whether its work took effect is unknown")
        #expect(try next.stop().status == 0)
    }

    @Test func whatIsQueuedWhenAServerStopsIsRunByTheNext() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let slow = try sluice.job(over: [("a.py", Self.waitingScript(sluice)), ("b.sql", "SELECT 1 AS one;")])
        let quick = try sluice.job(["b.sql"], name: "Quick", file: "quick.job.json")
        let server = try await Server(sluice, grace: 0)
        // As many as the pool has slots for at the least, so that the last one waits.
        let slots = max(2, ProcessInfo.processInfo.activeProcessorCount)
        let holding = try (0..<slots).map { _ in try sluice.start(["run", slow]) }
        func runs(_ status: String) throws -> Int {
            guard case .array(let runs)? = try sluice.run("runs", "--json").document["runs"] else { return 0 }
            return runs.count { $0["status"]?.text == status }
        }
        while try runs("running") < slots { await Task.yield() }
        let waiting = try sluice.start(["run", quick])
        while try runs("pending") < 1 { await Task.yield() }
        #expect(try server.stop().status == 0)
        for command in holding { #expect(try command.wait().status == 1) }
        let cut = try waiting.wait()
        #expect(cut.status == 3)
        #expect(cut.errors.contains("The run goes on when a server is back"), "\(cut.errors)")

        // A command that runs a job of its own in between leaves it alone.
        #expect(try sluice.run("run", quick).status == 0)
        #expect(try runs("pending") == 1)
        let next = try await Server(sluice)
        while try runs("pending") + runs("running") > 0 { await Task.yield() }
        #expect(try runs("succeeded") == 2)
        #expect(try next.stop().status == 0)
    }

    @Test func anOpenRunOfAKilledServerCanBeStoppedWithoutOne() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice)), ("b.sql", "SELECT 1;")])
        let server = try await Server(sluice)
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        try server.kill9()
        _ = try running.wait()
        let stopped = try sluice.run("runs", "stop", "1")
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(stopped.output.hasPrefix("Run 1 has ended: Failed"), "\(stopped.output)")
        try sluice.write("go-on", "")
        #expect(try sluice.run("run", job).status == 0)
    }

    @Test func twentyCommandsAtTheSameTimeAreAllServed() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "SELECT 1 AS one;")])
        let server = try await Server(sluice)
        let commands = try (0..<20).map { try sluice.start($0.isMultiple(of: 2) ? ["run", job] : ["runs"]) }
        for command in commands {
            let result = try command.wait()
            #expect(result.status == 0, "\(result.errors)")
        }
        guard case .array(let runs)? = try sluice.run("runs", "--json").document["runs"] else {
            Issue.record("there is no list")
            return
        }
        #expect(runs.count == 10)
        #expect(try server.stop().status == 0)
    }

    @Test func aFolderHasOneServer() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let server = try await Server(sluice)
        let second = try sluice.run("serve")
        #expect(second.status == 3)
        #expect(second.errors.contains("process \(server.running.process.processIdentifier) (sluice serve)"))
        #expect(try sluice.run("runs").status == 0, "the first one is unharmed")
        #expect(try server.stop().status == 0)
        #expect(!FileManager.default.fileExists(atPath: sluice.data.appendingPathComponent("socket").path))
    }

    @Test func aServerIsRefusedWhileACommandRunsItsJob() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", Self.waitingScript(sluice))])
        let running = try sluice.start(["run", job])
        try await Self.waitUntilHere(sluice, running)
        let refused = try sluice.run("serve")
        #expect(refused.status == 3)
        #expect(refused.errors.contains("running 'Job'"), "\(refused.errors)")
        try sluice.write("go-on", "")
        #expect(try running.wait().status == 0)
    }

    @Test func theLogIsLinesForPeopleOrObjectsForPrograms() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "SELECT 1 AS one;")])
        let server = try await Server(sluice)
        #expect(try sluice.run("run", job).status == 0)
        let lines = try server.stop()
        #expect(lines.output.isEmpty)
        #expect(lines.errors.contains(" Run 1 of 'Job': Completed Successfully\n"), "\(lines.errors)")
        let running = try sluice.start(["serve", "--json"])
        while !FileManager.default.fileExists(atPath: sluice.data.appendingPathComponent("socket").path) {
            await Task.yield()
        }
        kill(running.process.processIdentifier, SIGTERM)
        for line in try running.wait().errors.split(separator: "\n") {
            #expect(try JSONValue(parsing: Data(line.utf8))["level"] == "info")
        }
    }
}
