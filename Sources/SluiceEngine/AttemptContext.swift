import Foundation
import SluiceCore
import Synchronization

/// The engine's side of ``TaskContext``: journal, lease, connections and the pinned catalogue of one attempt.
final class AttemptContext: TaskContext {
    let inputs: TaskInputs
    let resumePoint: ResumePoint?
    private let leased: LeasedTask
    private let journal: any AttemptJournal
    private let redactor: SecretRedactor
    /// What the last line of each stream says of the next.
    private let redaction = Mutex<[LogLine.Stream: SecretRedactor.State]>([:])
    private let store: any EngineStore
    private let connections: any ConnectionDirectory
    private let sessions: (any SessionProvider)?
    private let dispatcher: Dispatcher
    private let clock: any WallClock
    private let lastValue = Mutex<JSONValue?>(nil)

    init(
        leased: LeasedTask, journal: any AttemptJournal, redactor: SecretRedactor, store: any EngineStore,
        connections: any ConnectionDirectory, sessions: (any SessionProvider)?, dispatcher: Dispatcher,
        clock: any WallClock
    ) {
        inputs = leased.inputs
        resumePoint = leased.task.resume
        self.leased = leased
        self.journal = journal
        self.redactor = redactor
        self.store = store
        self.connections = connections
        self.sessions = sessions
        self.dispatcher = dispatcher
        self.clock = clock
    }

    /// What ``result(_:)`` was given last.
    var value: JSONValue? { lastValue.withLock { $0 } }

    func begin() async throws { try await dispatcher.begin(leased.lease) }

    /// Without its secrets: they never reach the disk.
    func log(_ line: LogLine) throws {
        var line = line
        line.text = redaction.withLock { redactor.redacted(line: line.text, state: &$0[line.stream, default: .init()]) }
        try journal.append(.log(line))
    }

    /// Its text comes without the secrets that SQL's own tokens tell.
    func stepStarted(_ step: StepStart) throws { try journal.append(.stepStarted(step)) }

    func stepEnded(_ step: StepEnd) throws {
        var step = step
        if let failure = step.failure {
            step.failure?.message = redactor.redacted(failure.message)
            step.failure?.detail = failure.detail.map { redactor.redacted($0) }
        }
        try journal.append(.stepEnded(step))
    }

    func preview(_ preview: StepPreview) throws { try journal.append(.preview(preview)) }

    func progress(_ fraction: Double?, _ text: String) throws {
        let clamped = fraction.map { min(max($0, 0), 1) }
        try journal.append(.progress(Progress(at: clock.now, fraction: clamped, text: redactor.redacted(text))))
    }

    func result(_ value: JSONValue) throws {
        let size = value.canonicalData.count
        guard size <= DefinitionLimits.value else {
            throw DefinitionError(
                code: "value.too-large",
                "A result has at most \(DefinitionLimits.value) bytes of JSON, this one has \(size). "
                    + "Keep the data in a table or an artifact and pass its name.")
        }
        lastValue.withLock { $0 = value }
    }

    func artifact(_ path: URL, name: String) throws {
        try journal.append(.artifact(try store.keepArtifact(path, name: name, of: leased.lease.attempt)))
    }

    func connection() async throws -> Connection {
        try connections.resolve(leased.task.pinned.connection.name)
    }

    func openSession() async throws -> any DatabaseSession {
        guard let sessions else {
            throw EngineError(
                code: "session.no-provider", category: .fault,
                "No registered executor opens database sessions. Register the SQL executor.")
        }
        return try await sessions.openSession(on: try await connection(), in: leased.task.pinned.target)
    }

    func enter(pool: String) async throws {
        // Subscribed before the first question: a slot that is freed in between is not missed.
        let signals = store.signals()
        if try store.move(leased.lease, to: pool) { return }
        for await _ in signals {
            if try store.move(leased.lease, to: pool) { return }
        }
        throw CancellationError()
    }

    func snapshot() async throws -> CatalogueSnapshot { try store.snapshot(leased.run.snapshot) }

    func content(of hash: ContentHash) async throws -> Data { try store.content(of: hash) }
}
