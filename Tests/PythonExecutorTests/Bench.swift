import Foundation
import PythonExecutor
import SluiceCore
import Testing

/// An executor on a folder of its own, with everything that a test needs to run a script.
final class Bench: Sendable {
    let folder: URL
    let executor: PythonExecutor

    init(_ settings: PythonSettings = PythonSettings()) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-python-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        executor = PythonExecutor(
            worker: Self.worker, folder: folder.appendingPathComponent("python"), settings: settings)
    }

    /// The worker that was built beside the tests.
    static let worker = Bundle.main.bundleURL.appendingPathComponent("sluice-python").resolvingSymlinksInPath()

    /// Runs `body` with a bench, and takes the bench away.
    static func with<Result>(
        _ settings: PythonSettings = PythonSettings(), _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let bench = try Bench(settings)
        do {
            let result = try await body(bench)
            await bench.close()
            return result
        } catch {
            await bench.close()
            throw error
        }
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
