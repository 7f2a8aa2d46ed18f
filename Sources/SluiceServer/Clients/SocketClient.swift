import Foundation
import SluiceCore
import Synchronization

/// Sends operations to the server of a data folder through its local socket.
///
/// Plain blocking calls on a thread of the system's pool: a command that asks three things and ends has no use for an
/// event loop. Operations at the same time go over connections of their own.
package final class SocketClient: EngineClient {
    private let place: SocketPlace
    private let release: String
    private let idle: Mutex<[SocketConnection]>

    private init(_ place: SocketPlace, _ release: String, _ connection: SocketConnection) {
        self.place = place
        self.release = release
        idle = Mutex([connection])
    }

    /// Connects to the server of `folder`.
    ///
    /// - Parameter release: what the client calls itself.
    /// - Returns: nil when no server listens there: no folder, no socket, or one that a killed server left behind.
    /// - Throws: ``RequestError`` `server.foreign`, `server.version`, `server.silent` and others about a server that is
    ///   there and cannot be used.
    package static func connect(to folder: URL, release: String) async throws -> SocketClient? {
        guard let place = SocketPlace(folder),
            let connection = try await WaitingThread.run({ try SocketConnection(to: place, release: release) })
        else { return nil }
        return SocketClient(place, release, connection)
    }

    package func perform<Operation: EngineOperation>(_ operation: Operation) async throws -> Operation.Answer {
        let request = try JSONEncoder().encode(WireRequest(operation))
        let connection = try await take()
        let answer: Data
        do {
            answer = try await connection.exchange(request)
        } catch {
            try Task.checkCancellation()
            throw error
        }
        idle.withLock { $0.append(connection) }
        let message = try JSONDecoder().decode(WireAnswer<Operation.Answer>.self, from: answer)
        if let error = message.error { throw error.thrown }
        guard let answer = message.answer else { throw Self.unintelligible }
        return answer
    }

    private func take() async throws -> SocketConnection {
        if let connection = idle.withLock({ $0.popLast() }) { return connection }
        let (place, release) = (place, release)
        let opened = try await WaitingThread.run { try SocketConnection(to: place, release: release) }
        guard let opened else { throw SocketConnection.gone }
        return opened
    }

    static let unintelligible = RequestError(
        "server.unintelligible", .fault, "What the server answered cannot be read. Start it again with this version.")
}
