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
    private let heartbeat: Heartbeat
    private let clock: any WallClock
    private let logger: Logger
    /// Wakes the dispatcher when something is due.
    private let alarm: Alarm
    private let schedules: ScheduleLoop

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
        heartbeat = Heartbeat(store: store, configuration: configuration, dispatcher: dispatcher, reaper: reaper)
        alarm = Alarm(dispatcher.wake)
        schedules = ScheduleLoop(Scheduler(store: store, planner: planner), logger: logger)
    }

    /// Which files are scripts here: what a source needs to know.
    public var scriptTypes: ScriptTypes { executors.types }

    /// Pins, plans and queues a run. When this returns the run is durable.
    ///
    /// - Throws: ``SluiceError``s of category `badInput`, `notFound` or `conflict` for what could never work.
    public func submit(_ request: RunRequest) async throws -> Run {
        var new = try await planner.plan(request)
        new.attachedTo = attachment
        return try store.submit(new).state.run
    }

    /// Lets a failed run go on from where it failed: what succeeded stays, everything else has its turn again with the
    /// scripts as the catalogue has them now, as new attempts behind the old ones.
    ///
    /// - Parameter resume: steps at which tasks go on; the others start anew.
    /// - Returns: the run as it stands now.
    /// - Throws: ``SluiceError``s of category `conflict` unless it has failed, of `badInput` for what could never work.
    @discardableResult
    public func reopen(_ run: RunID, resume: [TaskRunID: ResumePoint] = [:]) async throws -> RunState {
        guard let state = try store.run(run) else { throw EngineError.unknownRun(run) }
        return try reopen(run, as: try await planner.plan(anew: state.run), resume)
    }

    /// Lets a failed run go on, one of its failed scripts at a step instead of its beginning, as the script's executor
    /// allows it.
    ///
    /// - Throws: what ``reopen(_:resume:)`` throws; ``ResumeError`` and ``EngineError``s of category `conflict` when the
    ///   script cannot go on there.
    public func resume(_ run: RunID, at wish: ResumeWish) async throws -> Resumption {
        guard let state = try store.run(run) else { throw EngineError.unknownRun(run) }
        // The bytes that are judged are those that are pinned, whatever is saved meanwhile.
        let plan = try await planner.plan(anew: state.run)
        let (point, steps) = try await ResumePlanner(store: store, executors: executors)
            .plan(wish, of: state, anew: plan.tasks)
        let task = point.attempt.task
        return Resumption(state: try reopen(run, as: plan, [task: point]), task: task, plan: steps)
    }

    private func reopen(_ run: RunID, as plan: NewRun, _ resume: [TaskRunID: ResumePoint]) throws -> RunState {
        let how = RunMachine.Reopening(
            tasks: plan.tasks, snapshot: plan.snapshot, resume: resume, attachedTo: attachment)
        guard let reopened = try store.reopen(run, how) else { throw EngineError.unknownRun(run) }
        return reopened
    }

    /// Whom new runs live and die with.
    private var attachment: String? { configuration.isPassing ? configuration.worker : nil }

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
        guard let state = try store.stop(run, by: person) else { throw EngineError.unknownRun(run) }
        dispatcher.stop(.run(run), by: person)
        return state
    }

    /// Stops one task of a run, with the elements of a for-each: as a failure of it that is not tried again.
    ///
    /// - Returns: the run as it stands now.
    @discardableResult
    public func stopTask(_ task: TaskRunID, by person: String) throws -> RunState {
        guard let state = try store.stopTask(task, by: person) else {
            throw EngineError(code: "task-run.unknown", category: .notFound, "There is no task run \(task).")
        }
        dispatcher.stop(.task(task), by: person)
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
        guard let state = try store.run(run) else { throw EngineError.unknownRun(run) }
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
        try reaper.endOrphans()
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                defer {
                    schedules.close()
                    group.cancelAll()
                }
                group.addTask {
                    for await _ in signals {
                        self.dispatcher.wake.raise()
                        self.schedules.wake()
                    }
                }
                group.addTask { await self.keepLeases() }
                if configuration.followsSchedules, !configuration.isPassing {
                    group.addTask { await self.keepSchedules() }
                }
                try await self.dispatch { attempt in group.addTask { await self.runner.run(attempt) } }
            }
        } onCancel: {
            close()
        }
    }

    /// Ends what the executors keep warm. ``run()`` does it by itself; call it after using ``preflight(_:)`` alone.
    public func shutdownExecutors() async { await executors.shutdown() }

    /// Starts nothing more that schedules say; everything else goes on.
    public func stopSchedules() { schedules.close() }

    /// Takes on nothing more and lets what runs finish; ``run()`` returns once everything is recorded.
    public func drain() {
        schedules.close()
        dispatcher.drain()
    }

    /// Takes on nothing more and ends what runs; ``run()`` returns once everything is recorded.
    public func close() {
        schedules.close()
        dispatcher.close(CancellationError())
    }

    private func keepSchedules() async {
        do {
            try await schedules.run { runs in
                for run in runs { self.dispatcher.stop(.run(run), by: "its schedule") }
            }
        } catch is CancellationError {
            return
        } catch {
            logger.error("The store failed and the engine stops: \(error)")
            dispatcher.close(error)
        }
    }

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
                if let due = try store.nextDue() { alarm.set(due, now: clock.now) }
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
                try heartbeat.step()
            }
        } catch is CancellationError {
            return
        } catch {
            dispatcher.close(error)
        }
    }
}
