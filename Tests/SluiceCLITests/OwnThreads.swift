import Foundation
import Testing

/// Runs tests on threads of their own.
///
/// Tests of the command line wait for processes, each holding its thread meanwhile. On the threads that all tasks share they
/// would keep every other test from getting on, for longer than some of these are patient.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    /// For every test of a suite.
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Threads.shared) { try await function() }
    }

    /// A few threads: as many tests at a time start processes.
    private final class Threads: TaskExecutor {
        static let shared = Threads()
        private let queue = OperationQueue()

        private init() { queue.maxConcurrentOperationCount = 3 }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: OwnThreads { OwnThreads() }
}
