import Foundation
import SluiceCore
import Synchronization

/// A task context that keeps everything in memory.
final class FakeContext: TaskContext {
    struct Seen {
        var lines: [LogLine] = []
        var progress: [SluiceCore.Progress] = []
        var results: [JSONValue] = []
        /// Names and bytes, in order.
        var artifacts: [(name: String, content: Data)] = []
        var hasBegun = false
        /// What had been said when execution began.
        var linesBeforeBegin = 0
    }

    let inputs: TaskInputs
    let resumePoint: ResumePoint? = nil
    let catalogue: CatalogueSnapshot
    private let contents: [ContentHash: Data]
    private let seen = Mutex(Seen())
    private let waiters = Mutex<[(text: String, continuation: CheckedContinuation<Void, Never>)]>([])
    /// How many times a script's bytes were asked for.
    private let reads = Mutex(0)
    /// Whether lines are kept; a test of millions counts them only.
    private let keepsLines: Bool
    private let count = Mutex(0)
    /// Thrown by every log call when set.
    private let logError: (any Error)?

    init(
        scripts: [String: String] = [:], inputs: TaskInputs = TaskInputs(), keepsLines: Bool = true,
        logError: (any Error)? = nil
    ) {
        self.inputs = inputs
        self.keepsLines = keepsLines
        self.logError = logError
        var versions: [ScriptVersion] = []
        var contents: [ContentHash: Data] = [:]
        for (name, text) in scripts {
            let data = Data(text.utf8)
            let kind = name.hasSuffix(".sql") ? ScriptKind.sql : .python
            let version = ScriptVersion(name: name, kind: kind, hash: ContentHash(of: data), size: data.count)
            versions.append(version)
            contents[version.hash] = data
        }
        catalogue = CatalogueSnapshot(versions)
        self.contents = contents
    }

    var state: Seen { seen.withLock { $0 } }
    var output: [String] { state.lines.filter { $0.stream == .output }.map(\.text) }
    var errors: [String] { state.lines.filter { $0.stream == .error }.map(\.text) }
    var engineLines: [String] { state.lines.filter { $0.stream == .engine }.map(\.text) }
    var lineCount: Int { count.withLock { $0 } }
    var readCount: Int { reads.withLock { $0 } }

    /// Answers once a line of exactly this text has been logged.
    func waitForLine(_ text: String) async {
        await withCheckedContinuation { continuation in
            let isThere = waiters.withLock { waiters in
                if seen.withLock({ $0.lines.contains { $0.text == text } }) { return true }
                waiters.append((text, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func begin() async throws {
        seen.withLock { seen in
            seen.hasBegun = true
            seen.linesBeforeBegin = seen.lines.count
        }
    }

    func log(_ line: LogLine) throws {
        if let logError { throw logError }
        count.withLock { $0 += 1 }
        guard keepsLines else { return }
        let ready = waiters.withLock { waiters in
            seen.withLock { $0.lines.append(line) }
            let ready = waiters.filter { $0.text == line.text }
            waiters.removeAll { $0.text == line.text }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func stepStarted(_ step: StepStart) throws {}
    func stepEnded(_ step: StepEnd) throws {}
    func preview(_ preview: StepPreview) throws {}

    func progress(_ fraction: Double?, _ text: String) throws {
        seen.withLock { $0.progress.append(SluiceCore.Progress(at: Date(), fraction: fraction, text: text)) }
    }

    func result(_ value: JSONValue) throws {
        guard value.canonicalData.count <= DefinitionLimits.value else {
            throw DefinitionError(code: "value.too-large", "The value is larger than 64 kB.")
        }
        seen.withLock { $0.results.append(value) }
    }

    func artifact(_ path: URL, name: String) throws {
        let content = try Data(contentsOf: path)
        seen.withLock { $0.artifacts.append((name, content)) }
    }

    func connection() async throws -> Connection { Connection(info: Self.connection(root: "/nowhere")) }

    func openSession() async throws -> any DatabaseSession {
        throw DefinitionError(code: "test.no-session", "A fake context opens no session.")
    }

    func enter(pool: String) async throws {}
    func snapshot() async throws -> CatalogueSnapshot { catalogue }

    func content(of hash: ContentHash) async throws -> Data {
        reads.withLock { $0 += 1 }
        guard let content = contents[hash] else {
            throw DefinitionError(code: "test.no-content", "No content of \(hash).")
        }
        return content
    }

    static func connection(root: String) -> ConnectionInfo {
        ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite, settings: ["root": root])
    }
}
