import Foundation
import Logging
import ServiceLifecycle
import SluiceCore
import SluiceEngine
import SluiceServer
import SluiceStore
import SluiceTesting
import Synchronization

/// A server on a folder of its own, with an engine over a store in memory.
struct ServerFixture: Sendable {
    let folder: TemporaryFolder
    let root: URL
    let store = MemoryStore()
    let executor = WordExecutor()
    let host: EngineHost

    /// - Parameter root: the data folder; a new one when not given.
    init(at root: URL? = nil) throws {
        folder = try TemporaryFolder()
        self.root = root ?? folder.url
        let executors: [any TaskExecutor] = [executor]
        let engine = JobEngine(store: store, executors: executors, connections: NoConnections())
        host = EngineHost(engine: engine, executors: executors, isRunning: true)
    }

    var direct: DirectClient { DirectClient(host) }

    /// A client of its own, connected.
    func client() async throws -> SocketClient {
        guard let client = try await SocketClient.connect(to: root, release: "test") else {
            throw ConformanceFailure("nobody listens in \(root.path)")
        }
        return client
    }

    /// Whether a new client is answered.
    func isServed() async throws -> Bool { try await !client().perform(ListPools()).isEmpty }

    /// Runs engine and socket for as long as `body` does, then stops them in good order.
    func serving<Result: Sendable>(
        grace: Duration = .seconds(30), _ body: @escaping @Sendable (ServiceGroup) async throws -> Result
    ) async throws -> Result {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let socket = try ListeningSocket(in: root)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: SocketServer(host: host, socket: socket, release: "test", logger: logger)),
                    .init(service: EngineService(host: host, grace: grace, logger: logger)),
                ],
                logger: logger))
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask { try await body(group) }
            var result: Result?
            while let ended = try await tasks.next() {
                guard let ended else { continue }
                result = ended
                await group.triggerGracefulShutdown()
            }
            guard let result else { throw ConformanceFailure("the server ended before the test did") }
            return result
        }
    }

    /// Puts one script a task into the catalogue and answers the job that runs them.
    func job(_ scripts: String...) throws -> JobDefinition {
        var update = CatalogueUpdate(source: "test")
        var tasks: [TaskDefinition] = []
        for (index, text) in scripts.enumerated() {
            let content = Data(text.utf8)
            let version = ScriptVersion(
                name: "s\(index).word", kind: executor.kind, hash: ContentHash(of: content), size: content.count)
            let script = Script(version: version, source: "test", modified: Date(timeIntervalSince1970: 0))
            update.put.append(CatalogueEntry(script: script, fingerprint: nil))
            update.contents[version.hash] = content
            tasks.append(TaskDefinition(name: "t\(index)", script: version.name))
        }
        _ = try store.apply(update)
        return JobDefinition(name: "job", tasks: tasks)
    }
}

struct NoConnections: ConnectionDirectory {
    func info(_ name: String?) throws -> ConnectionInfo {
        ConnectionInfo(name: name ?? "local", kind: "none", dialect: .sqlite)
    }
    func resolve(_ name: String?) throws -> Connection { Connection(info: try info(name)) }
}

/// Runs scripts of one word: `pass`, `stay` until it is cancelled, `wait` until it is let go, `lines N`.
final class WordExecutor: TaskExecutor {
    let kind = ScriptKind("word")
    let fileExtensions = ["word"]
    private let (arrivals, arrival) = AsyncStream<Void>.makeStream()
    private let (permits, permit) = AsyncStream<Void>.makeStream()

    /// Returns once an attempt stands at `stay` or `wait`. For one waiter.
    func waitForArrival() async {
        for await _ in arrivals { return }
    }

    /// Lets the attempt at `wait` go on.
    func letGo() { permit.yield() }

    func plan(_ request: PlanRequest) async throws -> TaskPlan {
        if request.content == Data("refuse".utf8) {
            throw DefinitionError(code: "word.refused", path: "", "This script can never run.")
        }
        return TaskPlan(target: request.defaults)
    }

    func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        try await context.begin()
        let words = String(decoding: attempt.content, as: UTF8.self).split(separator: " ")
        switch words.first {
        case "stay":
            arrival.yield()
            try await Task.sleep(for: .seconds(3_600))
        case "wait":
            arrival.yield()
            for await _ in permits { break }
            try Task.checkCancellation()
        case "lines":
            let at = Date(timeIntervalSinceReferenceDate: 0.125)
            for number in 0..<(Int(words[1]) ?? 0) {
                try context.log(LogLine(at: at, stream: .output, text: "line \(number) \u{1F4A7}"))
            }
        default: break
        }
        return .succeeded(value: .number(1.5))
    }
}
