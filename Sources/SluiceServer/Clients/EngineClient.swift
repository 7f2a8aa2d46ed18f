/// The way to an engine, wherever it works. What is written against this reads and prints the same either way.
package protocol EngineClient: Sendable {
    /// - Throws: what the operation throws; ``RequestError`` `server.gone` when the engine's process has ended.
    func perform<Operation: EngineOperation>(_ operation: Operation) async throws -> Operation.Answer
}

/// Carries out operations in this process.
package struct DirectClient: EngineClient {
    private let host: EngineHost

    package init(_ host: EngineHost) { self.host = host }

    package func perform<Operation: EngineOperation>(_ operation: Operation) async throws -> Operation.Answer {
        try await operation.perform(in: host)
    }
}
