import Foundation
import Testing

/// A real `sluice serve` on the data folder of a test.
final class Server {
    let running: CommandLine.Running
    private let sluice: CommandLine

    /// Starts one and returns once it listens.
    init(_ sluice: CommandLine, grace: Int = 30, environment: [String: String] = [:]) async throws {
        self.sluice = sluice
        let socket = sluice.data.appendingPathComponent("socket").path
        let before = Self.identity(of: socket)
        running = try sluice.start(["serve", "--grace", "\(grace)"], environment: environment)
        // A socket that was there already belongs to a server that was killed.
        while Self.identity(of: socket) == nil || Self.identity(of: socket) == before {
            try #require(running.process.isRunning, "the server ended: \((try? running.wait().errors) ?? "")")
            await Task.yield()
        }
    }

    /// Stops it in good order.
    @discardableResult
    func stop() throws -> CommandLine.Result {
        kill(running.process.processIdentifier, SIGTERM)
        return try running.wait()
    }

    /// Ends it as a power cut would.
    func kill9() throws {
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()
    }

    /// The children of it that live.
    var children: [Int32] {
        // The kernel lists them by the thread that started them.
        let threads = "/proc/\(running.process.processIdentifier)/task"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []
        return names.flatMap { name in
            let list = (try? String(contentsOfFile: "\(threads)/\(name)/children", encoding: .utf8)) ?? ""
            return list.split(separator: " ").compactMap { Int32($0) }
        }
    }

    private static func identity(of path: String) -> UInt64? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
