import Foundation

/// The programs to measure and the scratch folder in which their files lie.
struct Workshop {
    var binaries: URL
    var python: String
    var sqlite: String
    var scratch: URL
    var rounds: Int

    private var data: String { path("data") }

    /// A job of 40 one-line Python tasks against the same scripts one after another.
    func pythonTasks() throws -> Measurement {
        let names = (1...40).map { "task_\($0).py" }
        try fill("bucket") { for name in names { try write("print('\(name)')\n", to: "bucket/\(name)") } }
        try writeJob("tasks.job.json", scripts: names)
        try sluice("sync", "--bucket", path("bucket")).run(complaints: complaints)
        let run = sluice("run", path("tasks.job.json"))
        let plain = names.map { Launch(program: python, arguments: [path("bucket/\($0)")]) }
        let times = try Measurement.interleaved(rounds: rounds) {
            try run.run(complaints: complaints)
        } against: {
            for launch in plain { try launch.run(complaints: complaints) }
        }
        return Measurement(
            name: "A job of 40 one-line Python tasks", target: "at most 0.65 of the peer", peer: "40 × python3",
            samples: times.ours, peerSamples: times.theirs)
    }

    /// 10,000 statements as a job's one task against the `sqlite3` shell, both in WAL and with `synchronous = FULL`.
    func statements(inOneTransaction: Bool) throws -> Measurement {
        let script = inOneTransaction ? "statements_together.sql" : "statements_apart.sql"
        let inserts = (1...10_000).map { "INSERT INTO t (n, word) VALUES (\($0), 'word \($0)');\n" }.joined()
        let head = "DROP TABLE IF EXISTS t;\nCREATE TABLE t (n INTEGER, word TEXT);\n"
        let text = head + (inOneTransaction ? "BEGIN;\n\(inserts)COMMIT;\n" : inserts)
        try fill("workbench") { try write(text, to: "workbench/\(script)") }
        try writeJob("statements.job.json", scripts: [script])
        try sluice("sync", "--workbench", path("workbench")).run(complaints: complaints)
        let run = sluice("run", path("statements.job.json"))
        let shell = Launch(
            program: sqlite,
            arguments: [
                "-batch", "-cmd", "PRAGMA journal_mode = WAL", "-cmd", "PRAGMA synchronous = FULL", path("peer.db"),
            ],
            input: path("workbench/\(script)"))
        let times = try Measurement.interleaved(rounds: rounds) {
            try run.run(complaints: complaints)
        } against: {
            try shell.run(complaints: complaints)
        }
        return Measurement(
            name: "10,000 statements, \(inOneTransaction ? "in one transaction" : "each on its own")",
            target: inOneTransaction ? "at most 2 times the peer" : "at most 1.15 times the peer",
            peer: "sqlite3 shell", samples: times.ours, peerSamples: times.theirs)
    }

    func help() throws -> Measurement {
        let help = Launch(program: program, arguments: ["--help"])
        let times = try Measurement.interleaved(rounds: rounds) { try help.run(complaints: complaints) }
        return Measurement(name: "sluice --help", target: "under 30 ms", samples: times.ours)
    }

    /// A sync that finds 5,000 scripts as they were.
    func unchangedScripts() throws -> Measurement {
        try fill("bucket") {
            for number in 1...5_000 {
                try write("print(\(number))\n", to: "bucket/part_\(number % 50)/script_\(number).py")
            }
        }
        let sync = sluice("sync", "--bucket", path("bucket"))
        // A file that has only just changed may change again without its times telling, so a sync reads it again for some
        // seconds. Scripts that have rested are what is measured; the round that is not counted reads them a last time.
        Thread.sleep(forTimeInterval: 3)
        let times = try Measurement.interleaved(rounds: rounds) { try sync.run(complaints: complaints) }
        return Measurement(name: "A sync of 5,000 unchanged scripts", target: "under 100 ms", samples: times.ours)
    }

    private var program: String { binaries.appending(path: "sluice").path }
    private var complaints: URL { scratch.appending(path: "complaints.txt") }
    private func path(_ name: String) -> String { scratch.appending(path: name).path }

    private func sluice(_ arguments: String...) -> Launch {
        Launch(program: program, arguments: arguments + ["--data", data])
    }

    /// Makes `folder` anew and lets `body` fill it.
    private func fill(_ folder: String, _ body: () throws -> Void) throws {
        let url = scratch.appending(path: folder)
        if FileManager.default.fileExists(atPath: url.path) { try FileManager.default.removeItem(at: url) }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try body()
    }

    private func write(_ text: String, to name: String) throws {
        let file = scratch.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func writeJob(_ file: String, scripts: [String]) throws {
        let tasks = scripts.map { #"{"name": "\#($0)", "script": "\#($0)"}"# }.joined(separator: ",\n    ")
        try write(
            """
            {"format": "sluice.job/1", "name": "Benchmark", "tasks": [
                \(tasks)
            ]}
            """, to: file)
    }
}
