import Foundation
import Sluice
import SluiceServer
import Testing

/// `kill -9`, again and again, at moments that nobody has chosen. What tasks do is counted outside of Sluice: each appends a
/// line to a file or inserts a row, and what the store says is held against that afterwards.
@Suite struct ChaosTests {
    /// How many servers are killed; `SLUICE_KILLS` says another number.
    private static let kills = ProcessInfo.processInfo.environment["SLUICE_KILLS"].flatMap { Int($0) } ?? 20

    @Test func aServerThatIsKilledAgainAndAgainLosesNothingAndDoesNothingTwice() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try prepare(sluice)
        var acknowledged: [RunID] = []
        for kill in 0..<Self.kills {
            if kill.isMultiple(of: 5) { try await killAtStart(sluice) }
            acknowledged += try await submitAndKill(sluice, job, firstNumber: (kill + 1) * 1_000)
        }
        let server = try await Server(sluice)
        let ended = try await endings(of: acknowledged, sluice)
        #expect(try server.stop().status == 0)
        #expect(ended.contains { $0.run.status == .succeeded }, "a load under which nothing succeeds shows nothing")
        try judge(ended, sluice)
    }

    /// Writes the scripts, makes the table, and answers the job.
    private func prepare(_ sluice: CommandLine) throws -> JobDefinition {
        let act = """
            import os, sluice
            word = f"{sluice.context.task} {sluice.params['n']}\\n"
            file = os.open("\(sluice.path("witness"))", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, word.encode())
            """
        let insert = "INSERT INTO seen VALUES (${who}, ${n});"
        let scripts = [
            ("act.py", act), ("insert.sql", insert), ("table.sql", "CREATE TABLE seen (task TEXT, n INTEGER);"),
        ]
        _ = try sluice.job(over: scripts)
        let table = try sluice.job(["table.sql"])
        try #require(try sluice.run("run", table).status == 0)
        var job = JobDefinition(
            name: "Load", parameters: ["n": 0],
            tasks: [
                TaskDefinition(name: "once", script: "act.py", after: []),
                TaskDefinition(name: "again", script: "act.py", after: [], idempotent: true),
                TaskDefinition(name: "row", script: "insert.sql", after: [], parameters: ["who": "row"]),
                TaskDefinition(name: "next-row", script: "insert.sql", after: ["row"], parameters: ["who": "next-row"]),
                TaskDefinition(name: "last", script: "act.py", after: ["once", "next-row"]),
            ])
        job.onFailure = .continue
        return job
    }

    /// Kills a server while it starts.
    private func killAtStart(_ sluice: CommandLine) async throws {
        let running = try sluice.start(["serve"])
        try await Task.sleep(for: .milliseconds(.random(in: 0...150)))
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()
    }

    /// Starts a server, gives it runs, and kills it in the midst of them.
    ///
    /// - Returns: the runs that it has acknowledged.
    private func submitAndKill(
        _ sluice: CommandLine, _ job: JobDefinition, firstNumber: Int
    ) async throws -> [RunID] {
        let server = try await Server(sluice)
        let wanted = Int.random(in: 1...6)
        let client = try #require(try await SocketClient.connect(to: sluice.data, release: "chaos"))
        var acknowledged: [RunID] = []
        for number in 0..<wanted {
            let run = try await client.perform(
                SubmitRun(.definition(job), parameters: ["n": .integer(Int64(firstNumber + number))]))
            acknowledged.append(run.id)
        }
        // One more is on its way when the end comes: acknowledged or not, it must not do anything twice.
        async let last = client.perform(
            SubmitRun(.definition(job), parameters: ["n": .integer(Int64(firstNumber + wanted))]))
        try await Task.sleep(for: .milliseconds(.random(in: 0...300)))
        try server.kill9()
        do { acknowledged.append(try await last.id) } catch {}
        return acknowledged
    }

    /// Waits until the runs have ended.
    private func endings(of runs: [RunID], _ sluice: CommandLine) async throws -> [RunState] {
        let client = try #require(try await SocketClient.connect(to: sluice.data, release: "chaos"))
        var ended: [RunState] = []
        for run in runs {
            var last: Int64 = 0
            var state = try await client.perform(FindRun(run))
            while !state.run.status.isEnded {
                last = try await client.perform(FollowEvents(run, after: last, wait: 30)).last?.sequence ?? last
                state = try await client.perform(FindRun(run))
            }
            ended.append(state)
        }
        return ended
    }

    /// Holds what the store says against what the world has seen.
    private func judge(_ runs: [RunState], _ sluice: CommandLine) throws {
        var seen: [String: Int] = [:]
        let lines = try String(contentsOfFile: sluice.path("witness"), encoding: .utf8)
        for line in lines.split(separator: "\n") { seen[String(line), default: 0] += 1 }
        for database in try databases(sluice) {
            #expect(try query(database, "PRAGMA integrity_check") == "ok\n", "\(database.lastPathComponent)")
            guard try query(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'seen'") == "1\n" else {
                continue
            }
            for line in try query(database, "SELECT task || ' ' || n FROM seen").split(separator: "\n") {
                seen[String(line), default: 0] += 1
            }
        }
        for (what, count) in seen where !what.hasPrefix("again ") {
            #expect(count == 1, "'\(what)' was done \(count) times")
        }
        for state in runs {
            guard case .integer(let number) = state.run.parameters["n"] else { continue }
            for task in state.tasks where task.state == .succeeded {
                #expect(seen["\(task.name) \(number)"] != nil, "\(task.id) is recorded as done, and nobody has seen it")
            }
            let isOver = state.tasks.allSatisfy(\.state.isEnded)
            #expect(isOver, "run \(state.run.id)")
        }
    }

    /// The store's database, and those of the embedded engine.
    private func databases(_ sluice: CommandLine) throws -> [URL] {
        let files = FileManager.default.enumerator(at: sluice.data, includingPropertiesForKeys: nil)
        let header = Data("SQLite format 3\0".utf8)
        var found: [URL] = []
        while let file = files?.nextObject() as? URL {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            let handle = try FileHandle(forReadingFrom: file)
            defer { handle.closeFile() }
            if try handle.read(upToCount: header.count) == header { found.append(file) }
        }
        try #require(found.count >= 2)
        return found
    }

    /// What Debian's own `sqlite3` answers.
    private func query(_ database: URL, _ sql: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/sqlite3")
        process.arguments = [database.path, sql]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: answer, as: UTF8.self)
    }
}
