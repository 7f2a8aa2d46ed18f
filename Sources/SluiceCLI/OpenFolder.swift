import Foundation
import Sluice
import SluiceServer

/// A data folder as a command works on it: through the server that has it, or else opened by this process.
struct OpenFolder: Sendable {
    private enum Door {
        case server(SocketClient)
        case own(Installation, EngineHost)
    }

    private let url: URL
    private let door: Door
    /// The way to the folder's engine, for everything but running jobs.
    let client: any EngineClient

    init(at url: URL) async throws {
        self.url = url
        if let server = try await SocketClient.connect(to: url, release: Version.current) {
            door = .server(server)
            client = server
        } else {
            let installation = try Installation(at: url)
            let host = installation.host(isRunning: false)
            door = .own(installation, host)
            client = DirectClient(host)
        }
    }

    /// Ends what the command has opened and started.
    func close() async throws {
        guard case .own(let installation, let host) = door else { return }
        await host.engine.shutdownExecutors()
        try installation.store.close()
    }

    /// Calls `body` with an engine that runs jobs: the server's, or one of this process for as long as `body` takes.
    ///
    /// - Parameter purpose: what the lock says to others that want the folder.
    /// Of this process: it runs what `body` submits, and leaves what a server has queued to the next server.
    ///
    /// - Throws: ``StoreError`` `folder.in-use`.
    func withRunningEngine<Result: Sendable>(
        purpose: String, _ body: @escaping @Sendable (any EngineClient) async throws -> Result
    ) async throws -> Result {
        try await alone(purpose: purpose, served: body) { installation, _ in
            let host = installation.host(isRunning: true, isPassing: true)
            return try await withJobEngine(host.engine) { _ in try await body(DirectClient(host)) }
        }
    }

    /// Calls `body` while no other engine can be on the folder but the one that `body` is given.
    func withoutOtherEngine<Result: Sendable>(
        purpose: String, _ body: @escaping @Sendable (any EngineClient) async throws -> Result
    ) async throws -> Result {
        try await alone(purpose: purpose, served: body) { _, host in try await body(DirectClient(host)) }
    }

    private func alone<Result: Sendable>(
        purpose: String, served: (any EngineClient) async throws -> Result,
        own: (Installation, EngineHost) async throws -> Result
    ) async throws -> Result {
        guard case .own(let installation, let host) = door else { return try await served(client) }
        // A server may have begun since this command looked, and not listen yet; or be about to end, and listen no more.
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                let lock = try installation.folder.lockForEngine(purpose: purpose)
                defer { lock.release() }
                return try await own(installation, host)
            } catch let error as StoreError where error.code == "folder.in-use" {
                if let server = try await SocketClient.connect(to: url, release: Version.current) {
                    return try await served(server)
                }
                guard ServeCommand.holdsLock(of: url), ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
