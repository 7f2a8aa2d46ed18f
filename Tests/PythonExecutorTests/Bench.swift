import Foundation
import PythonExecutor
import SluiceCore
import Testing

/// An executor on a folder of its own, with everything that a test needs to run a script.
final class Bench: Sendable {
    let folder: URL
    let executor: PythonExecutor

    /// - Parameter host: the environment of the installer's host, for the bench's folder; this process's own when nil.
    init(_ settings: PythonSettings = PythonSettings(), host: ((URL) -> [String: String])? = nil) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-python-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        executor = PythonExecutor(
            worker: Self.worker, folder: folder.appendingPathComponent("python"), settings: settings,
            host: host?(folder) ?? ProcessInfo.processInfo.environment)
    }

    /// The worker that was built beside the tests.
    static let worker = Bundle.main.bundleURL.appendingPathComponent("sluice-python").resolvingSymlinksInPath()

    /// Runs `body` with a bench, and takes the bench away.
    static func with<Result>(
        _ settings: PythonSettings = PythonSettings(), host: ((URL) -> [String: String])? = nil,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let bench = try Bench(settings, host: host)
        do {
            let result = try await body(bench)
            await bench.close()
            return result
        } catch {
            await bench.close()
            throw error
        }
    }

    /// A second executor on the same folder.
    func anotherExecutor() -> PythonExecutor {
        PythonExecutor(worker: Self.worker, folder: folder.appendingPathComponent("python"))
    }

    /// Makes a package with a module of one constant, `VALUE`, its version.
    ///
    /// - Parameters:
    ///   - isSlow: whether it is a source package whose build writes its process into the file `building` and never ends.
    ///   - place: where to put it; a file of the bench's folder when nil.
    func makeWheel(_ name: String, _ version: String, isSlow: Bool = false, at place: URL? = nil) throws -> URL {
        let archive = folder.appendingPathComponent(
            "\(name)-\(version)\(isSlow || place != nil ? ".zip" : "-py3-none-any.whl")")
        let maker = Process()
        maker.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        maker.arguments = [
            "-c", Self.wheelMaker, (place ?? archive).path, name, version,
            isSlow ? folder.appendingPathComponent("building").path : "",
        ]
        try maker.run()
        maker.waitUntilExit()
        #expect(maker.terminationStatus == 0)
        return place ?? archive
    }

    /// Writes a wheel, or, where a name ends in `.zip`, a source package that builds itself without further tools.
    private static let wheelMaker = #"""
        import sys, zipfile
        path, name, version, note = sys.argv[1:]
        backend = f"""
        import os, time, zipfile
        def write(path):
            info = "{name}-{version}.dist-info/"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("{name}.py", "VALUE = '{version}'")
                archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
                archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                archive.writestr(info + "RECORD", "{name}.py,,\\n")
        def build_wheel(folder, settings=None, metadata=None):
            if {note!r}:
                with open({note!r} + ".new", "w") as file:
                    file.write(str(os.getpid()))
                os.rename({note!r} + ".new", {note!r})
                time.sleep(1000)
            write(folder + "/{name}-{version}-py3-none-any.whl")
            return "{name}-{version}-py3-none-any.whl"
        """
        project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        if path.endswith(".whl"):
            space = {}
            exec(backend, space)
            space["write"](path)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("pkg/backend.py", backend)
                archive.writestr("pkg/pyproject.toml", project + f"[project]\nname = '{name}'\nversion = '{version}'\n")
        """#

    /// The process that a file names.
    func process(in file: String) throws -> Int32 {
        try #require(Int32(try String(contentsOfFile: file, encoding: .utf8)))
    }

    func close() async {
        await executor.shutdown()
        // What is left is in the machine's own folder for such things.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Where databases lie, as the connection's settings say.
    var databases: URL { folder.appendingPathComponent("databases") }

    func attempt(_ name: String, _ context: FakeContext, number: Int = 1) async throws -> TaskAttempt {
        let script = try #require(context.catalogue[name])
        return TaskAttempt(
            id: AttemptID(task: TaskRunID(run: RunID(7), index: 2), number: number), job: "nightly", task: "load",
            script: script, content: try await context.content(of: script.hash), snapshot: context.catalogue.id,
            target: SessionDefaults(), connection: FakeContext.connection(root: databases.path),
            nominalTime: Date(timeIntervalSince1970: 1_700_000_000.5))
    }

    func run(_ name: String, _ context: FakeContext) async throws -> TaskOutcome {
        try await executor.execute(try await attempt(name, context), in: context)
    }

    /// Runs one script of this text.
    func run(_ text: String, named name: String = "etl/script.py") async throws -> (TaskOutcome, FakeContext) {
        let context = FakeContext(scripts: [name: text])
        return (try await run(name, context), context)
    }

    func plan(
        _ text: String, named name: String = "etl/script.py", defaults: SessionDefaults = SessionDefaults()
    ) async throws -> TaskPlan {
        let data = Data(text.utf8)
        return try await executor.plan(
            PlanRequest(
                script: ScriptVersion(name: name, kind: .python, hash: ContentHash(of: data), size: data.count),
                content: data, connection: FakeContext.connection(root: databases.path), defaults: defaults))
    }
}

/// The failure of an outcome that has to be one.
func failure(_ outcome: TaskOutcome, _ location: SourceLocation = #_sourceLocation) throws -> TaskFailure {
    guard case .failed(let failure) = outcome else {
        Issue.record("the script did not fail", sourceLocation: location)
        throw DefinitionError(code: "test.succeeded", "The script did not fail.")
    }
    return failure
}

/// Records an issue unless the script succeeded without a value.
func expectDone(_ outcome: TaskOutcome, _ location: SourceLocation = #_sourceLocation) {
    #expect(outcome == .succeeded(value: nil), sourceLocation: location)
}
