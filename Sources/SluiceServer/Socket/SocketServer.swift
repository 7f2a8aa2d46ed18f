import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers the commands of this machine on the local socket of a data folder.
package struct SocketServer: Service {
    /// How many clients may be connected at a time; more are turned away.
    private static let connectionLimit = 512
    /// How long clients may still ask after a graceful shutdown began: what became of their run, for the most part.
    private static let lastQuestions = Duration.seconds(1)

    private let host: EngineHost
    private let socket: ListeningSocket
    private let release: String
    private let logger: Logger

    /// - Parameter release: what the server calls itself to clients.
    package init(host: EngineHost, socket: ListeningSocket, release: String, logger: Logger) {
        self.host = host
        self.socket = socket
        self.release = release
        self.logger = logger
    }

    package func run() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(socket.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(FrameDecoder(limit: Wire.requestLimit)))
                    return try NIOAsyncChannel<Frame, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let connections = ConnectionCount(limit: Self.connectionLimit)
        try await withThrowingDiscardingTaskGroup { group in
            try await withGracefulShutdownHandler {
                try await listener.executeThenClose { clients in
                    for try await client in clients {
                        group.addTask { await serve(client, counted: connections) }
                    }
                }
            } onGracefulShutdown: {
                listener.channel.close(promise: nil)
            }
            socket.remove()
            await connections.untilNone(atMost: Self.lastQuestions)
            // Whoever is still there is cut off.
            group.cancelAll()
        }
    }

    private func serve(_ client: NIOAsyncChannel<Frame, ByteBuffer>, counted connections: ConnectionCount) async {
        let isWelcome = connections.begin()
        defer { connections.end() }
        do {
            let session = SocketSession(host: host, socket: socket, release: release, isWelcome: isWelcome)
            try await session.run(client)
        } catch {
            // A client that breaks off harms itself alone.
            logger.debug("A connection broke off: \(error)")
        }
    }
}
