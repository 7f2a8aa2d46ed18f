import Foundation
import Logging
import SluiceCore

/// Runs jobs: the one way in for schedules, the Play button, the API, the command line and host apps.
public final class JobEngine: Sendable {
    /// The store behind the engine; what it says is the truth about every run.
    public let store: any EngineStore
    /// The connections that tasks may name.
    public let connections: any ConnectionDirectory
    private let configuration: EngineConfiguration
    private let executors: ExecutorTable
    private let planner: RunPlanner
    private let dispatcher: Dispatcher
    private let reaper: Reaper
    private let clock: any WallClock
    private let logger: Logger

    /// - Parameters:
    ///   - executors: the script types; of two for one kind the first is taken.
    ///   - clock: where nominal times and log times come from; lease expiry is the store's own business.
    public init(
        store: any EngineStore, executors: [any TaskExecutor], connections: any ConnectionDirectory,
        configuration: EngineConfiguration = EngineConfiguration(), clock: any WallClock = SystemClock(),
        logger: Logger = Logger(label: "sluice.engine")
    ) {
        self.store = store
        self.connections = connections
        self.configuration = configuration
        self.executors = ExecutorTable(executors)
        self.clock = clock
        self.logger = logger
        planner = RunPlanner(store: store, executors: self.executors, connections: connections, clock: clock)
        dispatcher = Dispatcher(store: store, kinds: self.executors.kinds, configuration: configuration)
        reaper = Reaper(store: store, configuration: configuration)
    }

    /// Pins, plans and queues a run. When this returns the run is durable.
    ///
    /// - Throws: ``SluiceError``s of category `badInput`, `notFound` or `conflict` for what could never work.
    public func submit(_ request: RunRequest) async throws -> Run {
        let submitted = try store.submit(try await planner.plan(request))
        return submitted.state.run
    }

    /// What ``submit(_:)`` would pin for each task, with nothing written but the catalogue snapshot.
    public func preflight(_ request: RunRequest) async throws -> [PinnedTask] {
        try await planner.plan(request).tasks
    }

    /// Stops a run: what waits will not start, what runs is ended.
    ///
    /// - Parameter person: who asks, for the record.
    /// - Returns: the run as it stands now; it has ended once its last attempt is reaped.
    @discardableResult
    public func stop(_ run: RunID, by person: String) throws -> RunState {
        guard let state = try store.stop(run, by: person) else {
            throw EngineError(code: "run.unknown", category: .notFound, "There is no run \(run).")
        }
        dispatcher.stop(run, by: person)
        return state
    }

    /// The changes of a run as they are committed, until it has ended.
    ///
    /// - Parameter sequence: the last event already seen; 0 for all.
    public func events(of run: RunID, after sequence: Int64 = 0) -> RunEvents {
        RunEvents(store: store, run: run, after: sequence)
    }

    /// Waits until the run has ended.
    public func wait(for run: RunID) async throws -> RunState {
        for try await _ in events(of: run) {}
        guard let state = try store.run(run) else {
            throw EngineError(code: "run.unknown", category: .notFound, "There is no run \(run).")
        }
        try Task.checkCancellation()
        return state
    }

    /// Works until ``close()`` is called or the task is cancelled, then ends what runs and records it.
    ///
    /// - Throws: what the store throws; the engine cannot go on then.
    public func run() async throws {
        let ending: Result<Void, any Error>
        do {
            ending = .success(try await work())
        } catch {
            ending = .failure(error)
        }
        await executors.shutdown()
        try ending.get()
    }

    private func work() async throws {
        // Subscribed before the first step: a run that is submitted in between is not missed.
        let signals = store.signals()
        try reaper.step()
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                group.addTask { for await _ in signals { self.dispatcher.wake.raise() } }
                group.addTask { await self.keepLeases() }
                try await self.dispatch { attempt in group.addTask { await self.runner.run(attempt) } }
            }
        } onCancel: {
            close()
        }
    }

    /// Ends what the executors keep warm. ``run()`` does it by itself; call it after using ``preflight(_:)`` alone.
    public func shutdownExecutors() async { await executors.shutdown() }

    /// Takes on nothing more and ends what runs; ``run()`` returns once everything is recorded.
    public func close() { dispatcher.close(CancellationError()) }

    private var runner: AttemptRunner {
        AttemptRunner(
            store: store, executors: executors, connections: connections, dispatcher: dispatcher, clock: clock)
    }

    /// The loop that drives the dispatcher: steps, starts what it leased, sleeps until there is more to do.
    private func dispatch(_ start: (ActiveAttempt) -> Void) async throws {
        do {
            while true {
                for attempt in try dispatcher.step(now: clock.now) { start(attempt) }
                if dispatcher.isDrained { break }
                await dispatcher.wake.wait()
            }
            if let fault = dispatcher.fault { throw fault }
        } catch {
            logger.error("The store failed and the engine stops: \(error)")
            dispatcher.close(error)
            throw error
        }
    }

    /// Renews the leases of what runs, ends what is not ours any more, and reaps what others left behind.
    private func keepLeases() async {
        do {
            while true {
                try await Task.sleep(for: configuration.heartbeat)
                let active = dispatcher.active
                let lost = Set(try store.renew(active.map(\.leased.lease), for: configuration.leaseDuration))
                for attempt in active where lost.contains(attempt.id) { attempt.stop(.leaseLost) }
                try reaper.step()
            }
        } catch is CancellationError {
            return
        } catch {
            dispatcher.close(error)
        }
    }
}
