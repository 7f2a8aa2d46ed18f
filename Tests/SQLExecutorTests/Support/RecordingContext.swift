import Foundation
import SluiceCore
import Synchronization

/// A task context that remembers what an executor says and plays the engine's part.
final class RecordingContext: TaskContext {
    enum Event: Sendable, Equatable {
        case begun
        case started(StepStart)
        case ended(StepEnd)
        case preview(StepPreview)
        case log(LogLine)
        case entered(String)
        case result(JSONValue)
        case progress(String)
        case artifact(String)
    }

    struct Unsupported: Error {}

    let inputs: TaskInputs
    let resumePoint: ResumePoint?
    private let target: Connection
    private let state = Mutex<[Event]>([])
    /// Called for every event, on the executor's thread.
    private let observer: (@Sendable (Event) -> Void)?
    /// Called when the executor asks for its connection, before it opens a session.
    private let whenAsked: (@Sendable () -> Void)?

    init(
        _ connection: Connection, inputs: TaskInputs = TaskInputs(), resumePoint: ResumePoint? = nil,
        observer: (@Sendable (Event) -> Void)? = nil, whenAsked: (@Sendable () -> Void)? = nil
    ) {
        target = connection
        self.inputs = inputs
        self.resumePoint = resumePoint
        self.observer = observer
        self.whenAsked = whenAsked
    }

    var events: [Event] { state.withLock { $0 } }
    var starts: [StepStart] { events.compactMap { if case .started(let step) = $0 { step } else { nil } } }
    var ends: [StepEnd] { events.compactMap { if case .ended(let step) = $0 { step } else { nil } } }
    var previews: [StepPreview] { events.compactMap { if case .preview(let preview) = $0 { preview } else { nil } } }
    var logs: [LogLine] { events.compactMap { if case .log(let line) = $0 { line } else { nil } } }
    var pools: [String] { events.compactMap { if case .entered(let pool) = $0 { pool } else { nil } } }

    private func record(_ event: Event) {
        state.withLock { $0.append(event) }
        observer?(event)
    }

    func begin() async throws { record(.begun) }
    func log(_ line: LogLine) throws { record(.log(line)) }
    func stepStarted(_ step: StepStart) throws { record(.started(step)) }
    func stepEnded(_ step: StepEnd) throws { record(.ended(step)) }
    func preview(_ preview: StepPreview) throws { record(.preview(preview)) }
    func progress(_ fraction: Double?, _ text: String) throws { record(.progress(text)) }
    func result(_ value: JSONValue) throws { record(.result(value)) }
    func artifact(_ path: URL, name: String) throws { record(.artifact(name)) }
    func connection() async throws -> Connection {
        whenAsked?()
        return target
    }
    func openSession() async throws -> any DatabaseSession { throw Unsupported() }
    func enter(pool: String) async throws { record(.entered(pool)) }
    func snapshot() async throws -> CatalogueSnapshot { throw Unsupported() }
    func content(of hash: ContentHash) async throws -> Data { throw Unsupported() }
}
