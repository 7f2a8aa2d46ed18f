import Foundation
import SluiceCore

/// Where a failed run is to go on inside one of its scripts.
public struct ResumeWish: Sendable, Hashable, Codable {
    /// The task, or an element of a for-each; nil for the only one whose script can go on in its middle.
    public var task: TaskRunID?
    /// The step to go on at, from 0; nil for the first one that did not complete.
    public var step: Int?
    /// What to do about a step of which nobody knows whether it took effect.
    public var unknownStep: UnknownStepChoice?

    public init(task: TaskRunID? = nil, step: Int? = nil, unknownStep: UnknownStepChoice? = nil) {
        self.task = task
        self.step = step
        self.unknownStep = unknownStep
    }
}

/// A run that goes on inside one of its scripts.
public struct Resumption: Sendable, Hashable, Codable {
    /// The run as it stands now.
    public var state: RunState
    /// The task that goes on in its middle.
    public var task: TaskRunID
    /// What is sent, sent again and left out.
    public var plan: ResumePlan

    public init(state: RunState, task: TaskRunID, plan: ResumePlan) {
        self.state = state
        self.task = task
        self.plan = plan
    }
}

/// Prepares that a failed script goes on at one of its steps: finds the attempt, reads what it recorded, and asks the
/// script's executor, whose rule it is.
struct ResumePlanner: Sendable {
    let store: any EngineStore
    let executors: ExecutorTable

    /// - Parameter anew: what the run's tasks would pin now, in the job's order.
    /// - Throws: ``EngineError`` `resume.not-failed`, `resume.no-task`, `resume.which-task`, `resume.no-steps`;
    ///   ``ResumeError``.
    func plan(
        _ wish: ResumeWish, of state: RunState, anew: [PinnedTask]
    ) async throws -> (point: ResumePoint, plan: ResumePlan) {
        let task = try task(wish, of: state)
        guard let executor = executors[task.pinned.script.kind] as? any ResumableExecutor else { throw noSteps(task) }
        guard let attempt = task.attemptID, anew.indices.contains(task.id.index) else {
            throw EngineError(
                code: "resume.not-failed", category: .conflict,
                "Task \(task.id) '\(task.name)' was never begun. Let the run go on with "
                    + "'sluice runs rerun \(state.run.id) --failed'.")
        }
        let next = anew[task.id.index]
        let plan = try await executor.resumePlan(
            ResumeRequest(
                pinned: try store.content(of: task.pinned.script.hash),
                content: try store.content(of: next.script.hash), connection: next.connection,
                firstStep: task.resume?.step ?? 0, steps: try recordedSteps(of: attempt), step: wish.step,
                unknownStep: wish.unknownStep))
        return (ResumePoint(attempt: attempt, step: plan.step), plan)
    }

    private func task(_ wish: ResumeWish, of state: RunState) throws -> TaskRun {
        guard state.run.status == .failed else {
            throw EngineError(
                code: "resume.not-failed", category: .conflict,
                "Run \(state.run.id) is \(state.run.status.rawValue); only one that has failed can go on.")
        }
        if let wanted = wish.task {
            guard let place = state.position(of: wanted) else {
                throw EngineError(
                    code: "task-run.unknown", category: .notFound, "There is no task run \(wanted).")
            }
            guard state.tasks[place].state.isFailure else {
                throw EngineError(
                    code: "resume.not-failed", category: .conflict,
                    "Task \(wanted) '\(state.tasks[place].name)' has not failed, so there is nothing to resume in it.")
            }
            return state.tasks[place]
        }
        let failed = state.tasks.filter { $0.state.isFailure && $0.attempt > 0 }
        let resumable = failed.filter { executors[$0.pinned.script.kind] is any ResumableExecutor }
        guard let task = resumable.first else {
            if let first = failed.first { throw noSteps(first) }
            throw EngineError(
                code: "resume.no-task", category: .conflict,
                "No task of run \(state.run.id) failed while it ran. Let the run go on with "
                    + "'sluice runs rerun \(state.run.id) --failed'.")
        }
        guard resumable.count == 1 else {
            let names = resumable.prefix(5).map { "\($0.id) '\($0.name)'" }.joined(separator: ", ")
            throw EngineError(
                code: "resume.which-task", category: .badInput,
                "Several tasks of run \(state.run.id) can be resumed: \(names)\(resumable.count > 5 ? " …" : ""). "
                    + "Say which one with --task.")
        }
        return task
    }

    private func noSteps(_ task: TaskRun) -> EngineError {
        EngineError(
            code: "resume.no-steps", category: .conflict,
            "Task \(task.id) '\(task.name)' is a script of kind '\(task.pinned.script.kind)', which has no statements to go on "
                + "at. Let it begin anew with 'sluice runs rerun \(task.id.run) --failed'.")
    }

    /// What an attempt recorded of its steps, each once.
    private func recordedSteps(of attempt: AttemptID) throws -> [RecordedStep] {
        var steps: [Int: RecordedStep] = [:]
        var position = 0
        while true {
            let page = try store.journal(of: attempt, after: position, limit: 2_000, kinds: [.stepStarts, .stepEnds])
            for entry in page.entries {
                switch entry {
                case .stepStarted(let step): steps[step.index] = RecordedStep(index: step.index, ended: false)
                case .stepEnded(let step):
                    steps[step.index] = RecordedStep(index: step.index, ended: true, failed: step.failure != nil)
                default: continue
                }
            }
            guard page.position > position else { break }
            position = page.position
        }
        return steps.values.sorted { $0.index < $1.index }
    }
}
