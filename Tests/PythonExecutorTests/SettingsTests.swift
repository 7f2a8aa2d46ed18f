import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("Settings")
struct SettingsTests {
    @Test func comeFromTheEnvironment() throws {
        let settings = try PythonSettings.fromEnvironment([
            "SLUICE_PYTHON": "/opt/python3", "SLUICE_PYTHON_INDEX_URL": "https://index/simple",
            "SLUICE_PYTHON_OFFLINE": "Yes", "SLUICE_PYTHON_ALLOW": "pandas, numpy", "SLUICE_PYTHON_GRACE": "1.5",
        ])
        #expect(settings.interpreter == "/opt/python3")
        #expect(settings.indexURL == "https://index/simple")
        #expect(settings.isOffline)
        #expect(settings.allowedPackages == ["pandas", "numpy"])
        #expect(settings.grace == .seconds(1.5))
        #expect(try PythonSettings.fromEnvironment([:]) == PythonSettings())
    }

    @Test(arguments: [
        ("SLUICE_PYTHON_GRACE", "abc"), ("SLUICE_PYTHON_GRACE", "-1"), ("SLUICE_PYTHON_GRACE", "86400"),
        ("SLUICE_PYTHON_GRACE", "nan"), ("SLUICE_PYTHON_OFFLINE", "maybe"),
    ])
    func thatSayNothingAreRefusedByName(name: String, value: String) throws {
        let error = try #require(throws: PythonError.self) { try PythonSettings.fromEnvironment([name: value]) }
        #expect(error.code == "python.setting")
        #expect(error.category == .badInput)
        #expect(error.message.contains("\(name) is '\(value)'"))
    }

    @Test func refuseAWorkerThatIsNotThere() async throws {
        let executor = PythonExecutor(
            worker: URL(fileURLWithPath: "/nowhere/sluice-python"),
            folder: FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString))
        let data = Data("print(1)".utf8)
        let error = await #expect(throws: PythonError.self) {
            _ = try await executor.plan(
                PlanRequest(
                    script: ScriptVersion(name: "a.py", kind: .python, hash: ContentHash(of: data), size: data.count),
                    content: data, connection: FakeContext.connection(root: "/nowhere"), defaults: SessionDefaults()))
        }
        #expect(error?.code == "python.worker")
        #expect(error?.category == .fault)
        #expect(error?.message.contains("/nowhere/sluice-python") == true)
    }

    @Test func refuseAnInterpreterThatIsNotThere() async throws {
        try await Bench.with(PythonSettings(interpreter: "/nowhere/python3")) { bench in
            let error = await #expect(throws: PythonError.self) { _ = try await bench.plan("print(1)") }
            #expect(error?.code == "python.interpreter")
            #expect(error?.message.contains("/nowhere/python3") == true)
        }
    }

    @Test func refuseAFolderThatCannotBeMade() async throws {
        let executor = PythonExecutor(worker: Bench.worker, folder: URL(fileURLWithPath: "/dev/null/python"))
        let context = FakeContext(scripts: ["a.py": "print(1)"])
        let script = try #require(context.catalogue["a.py"])
        let attempt = TaskAttempt(
            id: AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1), job: "j", task: "t", script: script,
            content: try await context.content(of: script.hash), snapshot: context.catalogue.id,
            target: SessionDefaults(), connection: FakeContext.connection(root: "/nowhere"), nominalTime: Date())
        let error = await #expect(throws: PythonError.self) { _ = try await executor.execute(attempt, in: context) }
        #expect(error?.code == "python.folder")
        #expect(!context.state.hasBegun)
        await executor.shutdown()
    }

    @Test func ofTheWorkerAreNobodysButTheExecutors() throws {
        let worker = Process()
        worker.executableURL = Bench.worker
        let words = Pipe()
        worker.standardError = words
        try worker.run()
        worker.waitUntilExit()
        #expect(worker.terminationStatus == 2)
        let text = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text.contains("run `sluice` instead"))
    }

    @Test(arguments: [
        ("exit 0", "is no Python interpreter"), ("echo words", "is no Python interpreter"), ("exit 1", "is no Python"),
        ("echo 2.7.18", "is Python 2.7.18, but the worker is Python 3."),
    ])
    func refuseAnInterpreterThatIsAnother(_ script: String, _ words: String) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data("#!/bin/sh\n\(script)\n".utf8), attributes: [.posixPermissions: 0o755])
        #expect(isMade)
        try await Bench.with(PythonSettings(interpreter: path)) { bench in
            let error = await #expect(throws: PythonError.self) { _ = try await bench.plan("print(1)") }
            #expect(error?.code == "python.interpreter")
            #expect(error?.message.contains(words) == true)
        }
    }
}
