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

    /// Connects to the server of `folder`.
    ///
    /// - Parameter release: what the client calls itself.
    /// - Returns: nil when no server listens there: no folder, no socket, or one that a killed server left behind.
    /// - Throws: ``RequestError`` `server.foreign`, `server.version`, `server.silent` and others about a server that is
    ///   there and cannot be used.
    package init?(folder: URL, release: String) throws {
        guard let place = SocketPlace(folder),
            let connection = try SocketConnection(to: place, release: release)
        else { return nil }
        self.place = place
        self.release = release
        idle = Mutex([connection])
    }

    package func perform<Operation: EngineOperation>(_ operation: Operation) async throws -> Operation.Answer {
        let request = try JSONEncoder().encode(WireRequest(operation))
        let connection = try take()
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

    private func take() throws -> SocketConnection {
        if let connection = idle.withLock({ $0.popLast() }) { return connection }
        guard let connection = try SocketConnection(to: place, release: release) else {
            throw SocketConnection.gone
        }
        return connection
    }

    static let unintelligible = RequestError(
        "server.unintelligible", .fault, "What the server answered cannot be read. Start it again with this version.")
}
