import Foundation
import Glibc

/// Runs a piece of a test with the file permissions of an ordinary user, for whom modes count even when the tests run
/// as root.
package enum OrdinaryUser {
    /// Nobody's number on every Linux.
    private static let nobody: uid_t = 65_534

    /// Runs `body` on a thread of its own: the user of file accesses is a property of the thread.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Swift.Result {
                        if geteuid() == 0 { try becomeNobody() }
                        return try body()
                    })
            }
        }
    }

    private static func becomeNobody() throws {
        // Not among the headers that Swift imports.
        guard let symbol = dlsym(nil, "setfsuid") else { throw ConformanceFailure("setfsuid is not there") }
        let setFileUser = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> Int32).self)
        _ = setFileUser(nobody)
        guard setFileUser(nobody) == Int32(nobody) else { throw ConformanceFailure("the user could not be changed") }
    }
}
