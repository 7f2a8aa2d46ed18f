import Foundation
import Sluice
import Testing

/// What `doctor` sees, and backups that are whole.
@Suite(.ownThreads) struct MaintenanceCommandTests {
    @Test func aBackupOfAServedFolderIsADataFolderWithEverythingInIt() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.sql", "CREATE SCHEMA sales;\nUSE SCHEMA sales;\nCREATE TABLE t (a);\nINSERT INTO t VALUES (41);"),
            ("b.py", "import sluice\nopen('page.txt', 'w').write('kept')\nsluice.artifact('page.txt')\nprint('said')"),
        ])
        #expect(try sluice.run("run", job).status == 0)
        try sluice.write("bucket/c.py", WaitingScript.text(sluice))
        try sluice.sync()
        let waiting = try sluice.job(["c.py"], name: "Waiting", file: "waiting.job.json")
        let server = try await Server(sluice)
        let running = try sluice.start(["run", waiting])
        try await WaitingScript.waitUntilHere(sluice, running)
        let backup = sluice.path("backups/monday")
        let made = try sluice.run("backup", backup, "--json")
        #expect(made.status == 0, "\(made.errors)")
        #expect(try made.document["databases"] == 2)
        #expect(try sluice.run("backup", backup).status == 2, "what is there is not written over")
        #expect(try sluice.run("backup", sluice.path("data/inside")).status == 2)
        let refused = try sluice.run("restore", backup, "--force")
        #expect(refused.status == 3 && refused.errors.contains("(sluice serve)"), "\(refused.errors)")
        try sluice.write("go-on", "")
        #expect(try running.wait().status == 0)
        #expect(try server.stop().status == 0)

        #expect(try sluice.run("logs", "1.2", "--data", backup).output == "said\n")
        #expect(try sluice.run("restore", backup).status == 2, "the data folder is not empty")
        #expect(try sluice.run("runs", "--json").document["runs"]?[0]?["status"] == "succeeded")
        let restored = try sluice.run("restore", backup, "--force")
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(try sluice.run("runs", "--json").document["runs"]?[0]?["status"] == "running", "as it was then")
        let artifacts = try sluice.run("runs", "show", "1", "--json").document["tasks"]?[1]?["artifacts"]
        let page = try #require(artifacts?[0]?["path"]?.text)
        #expect(page.hasPrefix(sluice.data.resolvingSymlinksInPath().path), "\(page)")
        #expect(try String(contentsOfFile: page, encoding: .utf8) == "kept")
        let look = try sluice.job(over: [("d.sql", "USE SCHEMA sales;\nSELECT a FROM t;")])
        #expect(try sluice.run("run", look, "--json").document["tasks"]?[0]?["value"]?["a"] == 41)
        let left = try FileManager.default.contentsOfDirectory(atPath: sluice.folder.path)
        #expect(!left.contains { $0.hasPrefix("data.") }, "\(left)")
        #expect(try sluice.run("doctor").status == 0)
    }

    @Test func aDamagedBackupIsNotRestored() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);")])
        #expect(try sluice.run("run", job).status == 0)
        let backup = sluice.path("backup")
        #expect(try sluice.run("backup", backup).status == 0)
        try Self.damage(backup + "/databases/master/public.db")
        let refused = try sluice.run("restore", backup, "--data", sluice.path("new"))
        #expect(refused.status == 3, "\(refused.output)\(refused.errors)")
        let left = try FileManager.default.contentsOfDirectory(atPath: sluice.folder.path)
        #expect(!left.contains { $0.hasPrefix("new") }, "\(left)")
        #expect(try sluice.run("restore", sluice.path("bucket"), "--data", sluice.path("new")).status == 2)
        #expect(try sluice.run("restore", backup, "--force", "--data", sluice.path("workbench")).status == 2)
    }

    @Test func theDoctorFindsWhatIsBroken() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);")])
        #expect(try sluice.run("run", job).status == 0)
        let well = try sluice.run("doctor", "--json")
        #expect(well.status == 0, "\(well.output)\(well.errors)")
        #expect(try well.document["broken"] == false)
        for check in [
            "store.integrity", "databases.integrity", "runs.open", "python", "isolation.folders", "disk.free",
        ] {
            #expect(well.output.contains("\"\(check)\""), "\(check)")
        }
        try sluice.write("data/journals/99/1.1.jsonl", "{}")
        #expect(try sluice.run("doctor").output.contains("journals/99"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sluice.data.path)
        let open = try sluice.run("doctor")
        #expect(open.status == 3 && open.output.contains("the folder itself"), "\(open.output)")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: sluice.data.path)
        try Self.damage(sluice.path("data/databases/master/public.db"))
        let damaged = try sluice.run("doctor")
        #expect(damaged.status == 3, "\(damaged.output)")
        #expect(
            damaged.output.contains("✗ databases.integrity: databases/master/public.db is damaged"), "\(damaged.output)"
        )
        let noPython = try sluice.run("doctor", environment: ["SLUICE_PYTHON_WORKER": "/nowhere/sluice-python"])
        #expect(noPython.status == 3 && noPython.output.contains("✗ python: "), "\(noPython.output)")
        #expect(try sluice.run("doctor", "--data", sluice.path("nowhere")).status == 2)
    }

    @Test func oldRunsAreRemovedWithTheirLogs() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", "print('said')")])
        for _ in 0..<4 { #expect(try sluice.run("run", job).status == 0) }
        func runs() throws -> [JSONValue?] {
            let document = try sluice.run("runs", "--json").document
            return (0..<4).compactMap { document["runs"]?[$0]?["id"] }
        }
        #expect(try sluice.run("prune").status == 2)
        #expect(try sluice.run("prune", "--older-than", "1d").output == "Nothing to remove.\n")
        let logs = try sluice.run("prune", "--keep", "3", "--logs-only")
        #expect(logs.output == "Removed the logs and files of 1 run.\n", "\(logs.output)\(logs.errors)")
        #expect(try sluice.run("logs", "1.1").output.isEmpty)
        #expect(try sluice.run("prune", "--keep", "2").output == "Removed 2 runs.\n")
        #expect(try runs() == [4, 3])
        let journals = try FileManager.default.contentsOfDirectory(atPath: sluice.path("data/journals")).sorted()
        #expect(journals == ["3", "4"])
        let server = try sluice.start(["serve", "--prune-keep", "1"])
        while try runs() != [4] { try #require(server.process.isRunning) }
        kill(server.process.processIdentifier, SIGTERM)
        #expect(try server.wait().errors.contains("Removed 1 run beyond what is kept."))
        #expect(try sluice.run("run", job, "--json").document["id"] == 5, "numbers are not given out twice")
    }

    /// Overwrites the second page of a SQLite file.
    private static func damage(_ path: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: 4_096)
        try file.write(contentsOf: Data(repeating: 0x5A, count: 4_096))
        try file.close()
    }
}
