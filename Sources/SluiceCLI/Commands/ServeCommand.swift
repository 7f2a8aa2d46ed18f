import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Sluice
import SluiceServer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the engine of a data folder until it is told to stop.",
        discussion: """
            While it runs, every other command on the folder goes through it, with the same output; a run goes on when \
            the command that shows it is gone. It listens on a local socket in the folder, for its own user alone.

            Ctrl-C or SIGTERM stops it in good order: it takes on nothing more, what runs may end within the grace \
            time and is terminated and recorded after that. A second one leaves at once. What was queued waits for \
            the next start.
            """)

    /// What the folder's lock says of its holder.
    private static let purpose = "sluice serve"

    @Option(help: ArgumentHelp("How long running tasks may take to end when it stops.", valueName: "seconds"))
    var grace = 30

    @Option(
        name: .customLong("prune-older-than"),
        help: ArgumentHelp("Remove runs that ended longer ago: 90d, 12h.", valueName: "time"))
    var pruneAge: TimeArgument?
    @Option(
        name: .customLong("prune-keep"),
        help: ArgumentHelp("Keep so many runs that have ended, the newest, and remove the others.", valueName: "n"))
    var pruneKeep: Int?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let pruneKeep, pruneKeep < 0 { throw ValidationError("--prune-keep takes a whole number from 0.") }
        guard (0...86_400).contains(grace) else {
            throw ValidationError("--grace takes whole seconds from 0 to 86400.")
        }
    }

    func run() async throws {
        let installation = try Installation(at: global.dataFolder)
        let lock = try installation.folder.lockForEngine(purpose: Self.purpose)
        defer { lock.release() }
        let isJSON = global.json
        let logger = Logger(label: "sluice.serve") { _ in ServerLog(isJSON: isJSON) }
        let host = installation.host(isRunning: true, followsSchedules: true, logger: logger)
        let socket = try ListeningSocket(in: installation.folder.root)
        logger.info(
            "Sluice \(Version.current) serves \(installation.folder.root.path), process \(getpid()). Ctrl-C stops it.")
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                // Stopped from the last to the first: clients may ask what became of their runs until the very end.
                services: [
                    .init(
                        service: SocketServer(host: host, socket: socket, release: Version.current, logger: logger),
                        serviceName: "socket"),
                    .init(service: RunLog(store: installation.store, logger: logger), serviceName: "run log"),
                    .init(
                        service: EngineService(host: host, grace: .seconds(grace), logger: logger),
                        serviceName: "engine"),
                    .init(
                        service: ClosureService { await installation.warmUp() },
                        successTerminationBehavior: .ignore, serviceName: "warm-up"),
                ] + retention(host, logger),
                logger: logger))
        do {
            try await Interruption.handled {
                await group.triggerGracefulShutdown()
            } while: {
                try await group.run()
            }
        } catch {
            socket.remove()
            throw error
        }
        try installation.store.close()
        logger.info("Stopped.")
    }

    private func retention(
        _ host: EngineHost, _ logger: Logger
    ) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        guard pruneAge != nil || pruneKeep != nil else { return [] }
        let service = RetentionService(host: host, age: pruneAge?.seconds, keep: pruneKeep, logger: logger)
        return [.init(service: service, serviceName: "retention")]
    }

    /// Whether the folder at `url` is locked by a server, as its lock file says.
    static func holdsLock(of url: URL) -> Bool {
        guard let text = try? String(contentsOf: url.appending(path: "lock"), encoding: .utf8) else { return false }
        return text.split(separator: "\n").dropFirst().first.map(String.init) == purpose
    }
}
