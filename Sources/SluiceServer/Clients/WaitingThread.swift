import Dispatch

/// Threads that may wait for the other end of a socket. Those that tasks run on may not: there are as many as cores, and
/// the system's concurrent queues share them. A serial queue gets a thread in any case.
enum WaitingThread {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "sluice.waiting").async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }
}
