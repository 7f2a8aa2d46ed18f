import Foundation

/// The rules by which a run moves: value in, value out. Nothing else changes the state of a run.
public enum RunMachine {
    /// Something that happened to a run.
    public enum Input: Sendable, Hashable {
        /// A worker has claimed the task at `index`.
        case leased(index: Int, lease: Lease)
        /// The attempt's execution has begun.
        case begun(index: Int)
        /// The attempt gave up its slot and wants one of `pool`; `granted` when it has it.
        case movedPool(index: Int, pool: String, granted: Bool)
        /// The attempt at the task at `index` is over. `chance`, from 0 to 1, says where a retry's delay falls in its spread.
        case ended(index: Int, ending: AttemptEnding, chance: Double = 0.5)
        /// Somebody wants the run to end now.
        case stop(by: String)
        /// Somebody wants one task to end now.
        case stopTask(index: Int, by: String)
        /// Time has passed: what is over its limits is ended.
        case timePassed
        /// The runs that this one waited for have ended.
        case admitted
        /// Somebody wants a run that has failed to go on from where it failed.
        case reopened(Reopening)
    }

    /// How a run that has ended goes on.
    public struct Reopening: Sendable, Hashable {
        /// What was pinned anew for the tasks of ``JobDefinition/allTasks``; those that have their turn again take it on.
        public var tasks: [PinnedTask]
        /// The catalogue snapshot that this was pinned from.
        public var snapshot: ContentHash
        /// Steps at which tasks go on; the others start anew.
        public var resume: [TaskRunID: ResumePoint]
        /// The worker that the run lives and dies with from now on; nil for none.
        public var attachedTo: String?
        /// Whether it has to wait for other runs of its job first; the store knows.
        public var isHeld = false

        public init(
            tasks: [PinnedTask], snapshot: ContentHash, resume: [TaskRunID: ResumePoint] = [:],
            attachedTo: String? = nil
        ) {
            self.tasks = tasks
            self.snapshot = snapshot
            self.resume = resume
            self.attachedTo = attachedTo
        }
    }

    /// What an input led to.
    public struct Transition: Sendable, Hashable {
        public var state: RunState
        /// Which task runs are not as they were, by place; those from the former end on are new.
        public var changedTasks: [Int]
        public var changes: [RunChange]
    }

    /// The state of a run that has just been submitted: what waits for nothing is ready, unless the run is held.
    public static func start(_ run: Run, tasks: [TaskRun], at now: Date) -> Transition {
        var machine = Machine(RunState(run: run, tasks: tasks), at: now)
        machine.changes.append(.run(status: run.status, reason: run.reason))
        if !run.isHeld { machine.settle(tasks.indices) }
        return machine.transition
    }

    /// Moves `state` by `input`.
    ///
    /// - Throws: ``RunMachineError`` when the input does not fit the state; nothing changes then.
    public static func apply(_ input: Input, to state: RunState, at now: Date) throws(RunMachineError) -> Transition {
        var machine = Machine(state, at: now)
        switch input {
        case .leased(let index, let lease): try machine.lease(index, lease)
        case .begun(let index): try machine.begin(index)
        case .movedPool(let index, let pool, let granted): try machine.movePool(index, pool, granted)
        case .ended(let index, let ending, let chance): try machine.end(index, ending, chance)
        case .stop(let person): machine.stop(by: person)
        case .stopTask(let index, let person): try machine.stopTask(index, by: person)
        case .timePassed: machine.enforceLimits()
        case .admitted: machine.admit()
        case .reopened(let how): try machine.reopen(how)
        }
        return machine.transition
    }
}

/// How an attempt ended, as the engine knows it.
public enum AttemptEnding: Sendable, Hashable, Codable {
    /// The executor says how it ended.
    case outcome(TaskOutcome)
    /// It was cancelled before its time, and has ended. The run knows why; `by` is for the case that it does not.
    case terminated(by: String)
    /// Its worker vanished.
    case lost(reason: String)
}

/// An input that does not fit the state: a caller's mistake or a message that came too late.
public struct RunMachineError: SluiceError, Hashable {
    public var message: String
    public var code: String { "run.illegal-transition" }
    public var category: ErrorCategory { .conflict }

    init(_ message: String) { self.message = message }
}
