import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A script sees and reaches what is its own")
struct IsolationTests {
    /// Runs a script that the bench's folder is hidden from, as an engine's data folder is.
    private func run(_ body: String) async throws -> FakeContext {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("secret".utf8).write(to: folder.appendingPathComponent("sluice.db"))
        let databases = folder.appendingPathComponent("databases")
        let executor = PythonExecutor(
            worker: Bench.worker, folder: folder.appendingPathComponent("python"),
            settings: PythonSettings(hiddenFolders: [folder.path], visibleFolders: [databases.path]))
        let context = FakeContext(scripts: [
            "a.py": """
            import os, sluice
            data = "\(folder.path)"
            def tried(action):
                try:
                    print(action())
                except OSError as error:
                    print(error.strerror)
                except sluice.Error as error:
                    print(error)

            """ + body, "helper.py": "value = 7",
        ])
        let script = try #require(context.catalogue["a.py"])
        let attempt = TaskAttempt(
            id: AttemptID(task: TaskRunID(run: RunID(7), index: 2), number: 1), job: "nightly", task: "load",
            script: script, content: try await context.content(of: script.hash), snapshot: context.catalogue.id,
            target: SessionDefaults(), connection: FakeContext.connection(root: databases.path),
            nominalTime: Date(timeIntervalSince1970: 1_700_000_000))
        let outcome = try await executor.execute(attempt, in: context)
        await executor.shutdown()
        expectDone(outcome)
        let work = folder.appendingPathComponent("python/work").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
        return context
    }

    @Test func whichIsNotTheEnginesDataFolder() async throws {
        let context = try await run(
            """
            tried(lambda: sorted(os.listdir(data)))
            tried(lambda: open(f"{data}/sluice.db").read())
            tried(lambda: open(f"{data}/new", "w"))
            tried(lambda: os.system(f"umount {data} 2>/dev/null") == 0)
            tried(lambda: os.listdir(f"/proc/{os.getppid()}/root"))
            """)
        #expect(
            context.output == [
                "['databases', 'python']", "No such file or directory", "Read-only file system", "False",
                "Permission denied",
            ])
    }

    @Test func butItsModulesItsDatabasesAndItsArtifacts() async throws {
        let context = try await run(
            """
            import helper
            with sluice.connect() as db:
                db.execute("CREATE TABLE t(x)")
                db.execute("INSERT INTO t VALUES (?)", [helper.value])
                print(db.execute("SELECT x FROM t").fetchone())
            open("report", "w").write("kept")
            os.mkdir("folder")
            os.rename("report", "folder/report")
            print(sluice.artifact("folder/report"))
            """)
        #expect(context.output == ["(7,)", "report"])
        #expect(context.state.artifacts.map { String(decoding: $0.content, as: UTF8.self) } == ["kept"])
    }

    @Test(arguments: ["f\"{data}/sluice.db\"", "\"own\""])
    func andKeepsNothingElseAsAnArtifact(_ path: String) async throws {
        let context = try await run(
            """
            os.symlink(f"{data}/sluice.db", "own")
            path = os.path.abspath(\(path))
            tried(lambda: sluice._ask(b"a" + path.encode() + b"\\0stolen", "it"))
            print(path)
            """)
        #expect(context.output.first == "There is no file \(context.output.last ?? "") to keep.")
        #expect(context.state.artifacts.isEmpty)
    }

    @Test func andNoProcessOutside() async throws {
        let context = try await run(
            """
            import signal, subprocess
            tried(lambda: os.kill(os.getppid(), signal.SIGSTOP))
            tried(lambda: os.kill(1, 0))
            child = subprocess.Popen(["sleep", "1000"])
            child.terminate()
            print(child.wait())
            """)
        #expect(context.output == ["Operation not permitted", "Operation not permitted", "-15"])
    }

    @Test func andDoctorHearsWhatIsMissing() async throws {
        try await Bench.with(PythonSettings(hiddenFolders: ["/nowhere"])) { bench in
            let isolation = try await bench.executor.isolation()
            #expect(isolation.findings.map(\.measure) == PythonIsolation.Measure.allCases)
            #expect(isolation.findings[0].missing == nil)
            #expect(isolation.findings[1].missing == nil)
            #expect(isolation.findings.allSatisfy { $0.missing != "the worker does not say" })
        }
        try await Bench.with { bench in
            let isolation = try await bench.executor.isolation()
            #expect(isolation.findings.allSatisfy { $0.missing != nil })
        }
    }
}
