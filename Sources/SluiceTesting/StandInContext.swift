import Foundation
import SluiceCore
import Synchronization

/// A ``TaskContext`` that plays the engine's part and remembers what the executor said.
public final class StandInContext: TaskContext {
    /// One call, in the order of the calls.
    public enum Call: Sendable, Hashable {
        case begun
        case said(JournalEntry)
        case result(JSONValue)
        case entered(pool: String)
    }

    public let inputs: TaskInputs
    public let resumePoint: ResumePoint?
    private let target: Connection
    private let scripts: [ScriptVersion: Data]
    private let losesLease: Bool
    private let recorded = Mutex<[Call]>([])
    private let begun: AsyncStream<Never>
    private let beginning: AsyncStream<Never>.Continuation

    /// - Parameters:
    ///   - scripts: the pinned catalogue.
    ///   - losesLease: whether ``begin()`` finds the lease gone.
    public init(
        connection: Connection, inputs: TaskInputs = TaskInputs(), resumePoint: ResumePoint? = nil,
        scripts: [ScriptVersion: Data] = [:], losesLease: Bool = false
    ) {
        target = connection
        self.inputs = inputs
        self.resumePoint = resumePoint
        self.scripts = scripts
        self.losesLease = losesLease
        (begun, beginning) = AsyncStream.makeStream()
    }

    /// What the executor said so far.
    public var calls: [Call] { recorded.withLock { $0 } }

    /// Returns once the executor has begun, or the calling task is cancelled. For one caller.
    public func waitForBegin() async {
        for await _ in begun {}
    }

    public func begin() async throws {
        if losesLease { throw LeaseLost(AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1)) }
        recorded.withLock { $0.append(.begun) }
        beginning.finish()
    }

    public func log(_ line: LogLine) throws { record(.said(.log(line))) }
    public func stepStarted(_ step: StepStart) throws { record(.said(.stepStarted(step))) }
    public func stepEnded(_ step: StepEnd) throws { record(.said(.stepEnded(step))) }
    public func preview(_ preview: StepPreview) throws { record(.said(.preview(preview))) }
    public func result(_ value: JSONValue) throws { record(.result(value)) }
    public func connection() async throws -> Connection { target }
    public func enter(pool: String) async throws { record(.entered(pool: pool)) }
    public func snapshot() async throws -> CatalogueSnapshot { CatalogueSnapshot(Array(scripts.keys)) }

    public func progress(_ fraction: Double?, _ text: String) throws {
        record(.said(.progress(Progress(at: Date(), fraction: fraction, text: text))))
    }

    public func artifact(_ path: URL, name: String) throws {
        let size = try Data(contentsOf: path).count
        record(.said(.artifact(Artifact(name: name, path: path.path, size: size))))
    }

    public func openSession() async throws -> any DatabaseSession {
        throw ConformanceFailure("the stand-in has no database")
    }

    public func content(of hash: ContentHash) async throws -> Data {
        try present(scripts.first { $0.key.hash == hash }?.value, "content \(hash.short)")
    }

    private func record(_ call: Call) { recorded.withLock { $0.append(call) } }
}
