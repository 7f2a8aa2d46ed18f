import Foundation
import Glibc
import SluiceCore

/// A client's connection to the server: one exchange after another.
final class SocketConnection: Sendable {
    private let descriptor: Int32

    /// Connects and exchanges hellos; waits for the server's.
    ///
    /// - Returns: nil when nobody listens.
    init?(to place: SocketPlace, release: String) throws {
        guard let status = place.status() else { return nil }
        // Never through a symbolic link: it may lead to a socket that belongs to something else.
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw RequestError(
                "server.foreign", .fault,
                "\(place.path)/\(SocketPlace.fileName) is no socket of a server. Take it away.")
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("socket", errno) }
        while place.withAddress({ connect(descriptor, $0, $1) }) != 0 {
            switch errno {
            case EINTR: continue
            case ENOENT, ECONNREFUSED: return nil
            default: throw Self.failure("connect", errno)
            }
        }
        guard let peer = PeerCredentials(of: descriptor), place.trusts(peer) else {
            throw RequestError(
                "server.foreign", .fault,
                "The socket in \(place.path) is served by another user. Use a data folder that is yours alone.")
        }
        try greet(release)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request and waits for its answer, on a thread that may wait.
    func exchange(_ request: Data) async throws -> Data {
        try await withTaskCancellationHandler {
            try await WaitingThread.run {
                try self.send(request)
                return try self.receive()
            }
        } onCancel: {
            // Whoever reads gets the end at once; the connection is of no use afterwards.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    private func greet(_ release: String) throws {
        setPatience(seconds: Wire.serverPatience)
        try send(try JSONEncoder().encode(WireHello(sluice: Wire.version, release: release)))
        let answer = try receive()
        if let refused = try? JSONDecoder().decode(WireAnswer<Done>.self, from: answer), let error = refused.error {
            throw error.thrown
        }
        let hello: WireHello
        do {
            hello = try JSONDecoder().decode(WireHello.self, from: answer)
        } catch {
            throw SocketClient.unintelligible
        }
        guard hello.sluice == Wire.version else {
            throw RequestError(
                "server.version", .conflict,
                "The server on this data folder is Sluice \(hello.release), and you use \(release). "
                    + "Use the same, or start the server again with yours.")
        }
        setPatience(seconds: 0)
    }

    /// How long a read may take, in seconds; 0 for as long as it takes.
    private func setPatience(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func send(_ message: Data) throws {
        var frame = Data(capacity: 4 + message.count)
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(message)
        try frame.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Self.gone }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    private func receive() throws -> Data {
        let length = try read(4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= Wire.answerLimit else { throw SocketClient.unintelligible }
        return try read(length)
    }

    private func read(_ length: Int) throws -> Data {
        var data = Data(count: length)
        try data.withUnsafeMutableBytes { bytes in
            var done = 0
            while done < length {
                let count = recv(descriptor, bytes.baseAddress! + done, length - done, 0)
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN { throw Self.silent }
                guard count > 0 else { throw Self.gone }
                done += count
            }
        }
        return data
    }

    static let gone = RequestError(
        "server.gone", .fault,
        "The server ended before it answered. What was asked may have been done or not: look, then ask again.")

    private static let silent = RequestError(
        "server.silent", .fault,
        "The server on this data folder says nothing. Its process may be stopped or stuck: end it, and start it again.")

    private static func failure(_ call: String, _ number: Int32) -> RequestError {
        RequestError(
            "server.unreachable", .fault,
            "The server on this data folder cannot be reached (\(call): \(String(cString: strerror(number)))).")
    }
}
