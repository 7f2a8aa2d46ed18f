import SluiceCore

/// Runs `engine` for as long as `body` does.
///
/// When `body` returns or throws, the engine takes on nothing more, ends and records what still runs, and stops. When
/// the engine's store fails, `body` is cancelled and the store's error is thrown.
///
/// - Returns: what `body` returns.
public func withJobEngine<Result: Sendable>(
    _ engine: JobEngine, _ body: @escaping @Sendable (JobEngine) async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            try await engine.run()
            return nil
        }
        group.addTask { try await body(engine) }
        defer { engine.close() }
        while let finished = try await group.next() {
            guard let result = finished else { continue }
            engine.close()
            try await group.waitForAll()
            return result
        }
        throw CancellationError()
    }
}
