import Foundation
import NIOCore
import SluiceCore

/// One client's connection: hello, then one request after another until it leaves.
struct SocketSession {
    let host: EngineHost
    let socket: ListeningSocket
    let release: String
    /// Whether there is room for the client.
    let isWelcome: Bool

    private typealias Outbound = NIOAsyncChannelOutboundWriter<ByteBuffer>

    func run(_ client: NIOAsyncChannel<Frame, ByteBuffer>) async throws {
        // Whoever says nothing is not waited for.
        let patience = client.channel.eventLoop.scheduleTask(in: .seconds(Int64(Wire.helloPatience))) {
            client.channel.close(promise: nil)
        }
        try await client.executeThenClose { inbound, outbound in
            var frames = inbound.makeAsyncIterator()
            do {
                guard let hello = try await Self.next(&frames) else { return patience.cancel() }
                patience.cancel()
                let peer = try await Self.peer(of: client.channel)
                try admit(peer, hello)
                try await send(WireHello(sluice: Wire.version, release: release), to: outbound)
                let host = host.asked(by: Person(uid: peer.uid))
                while let request = try await Self.next(&frames) {
                    try await outbound.write(Self.frame(try await Self.answer(request, in: host)))
                }
            } catch let error as RequestError {
                // What breaks the rules of the conversation ends it, with a word about why.
                patience.cancel()
                try await send(WireAnswer<Done>(error: WireError(error)), to: outbound)
            } catch {
                patience.cancel()
                throw error
            }
        }
    }

    /// - Throws: ``RequestError`` when the client is not to be served.
    private func admit(_ peer: PeerCredentials, _ hello: Data) throws {
        guard socket.trusts(peer) else {
            throw RequestError(
                "server.forbidden", .fault, "This server answers its own user alone, and you are uid \(peer.uid).")
        }
        guard isWelcome else {
            throw RequestError("server.busy", .fault, "Too many clients are connected to the server. Try again.")
        }
        guard let hello = try? JSONDecoder().decode(WireHello.self, from: hello) else {
            throw RequestError("server.no-hello", .badInput, "This is a server of Sluice, and what came is no hello.")
        }
        guard hello.sluice == Wire.version else {
            throw RequestError(
                "server.version", .conflict,
                "The server on this data folder is Sluice \(release), and you use \(hello.release). "
                    + "Use the same, or start the server again with yours.")
        }
    }

    /// Carries out a request. Whatever it throws is an answer.
    private static func answer(_ request: Data, in host: EngineHost) async throws -> Data {
        do {
            return try await answer(try OperationTable.operation(in: request), in: host)
        } catch {
            return try JSONEncoder().encode(WireAnswer<Done>(error: WireError(error)))
        }
    }

    private static func answer(_ operation: some EngineOperation, in host: EngineHost) async throws -> Data {
        try JSONEncoder().encode(WireAnswer(answer: try await operation.perform(in: host)))
    }

    private func send(_ message: some Encodable, to outbound: Outbound) async throws {
        try await outbound.write(Self.frame(try JSONEncoder().encode(message)))
    }

    private static func frame(_ message: Data) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 4 + message.count)
        buffer.writeInteger(UInt32(message.count))
        buffer.writeBytes(message)
        return buffer
    }

    /// The next message; nil when the client has left.
    private static func next(
        _ frames: inout NIOAsyncChannelInboundStream<Frame>.AsyncIterator
    ) async throws -> Data? {
        switch try await frames.next() {
        case .message(let buffer): Data(buffer.readableBytesView)
        case .tooLong(let length):
            throw RequestError(
                "request.too-long", .badInput,
                "A request of \(length) bytes is too long; \(Wire.requestLimit) are read.")
        case nil: nil
        }
    }

    private static func peer(of channel: any Channel) async throws -> PeerCredentials {
        guard let options = channel as? any SocketOptionProvider else {
            preconditionFailure("a connection on a local socket has the options of a socket")
        }
        return try await options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED)
        ).get()
    }
}
