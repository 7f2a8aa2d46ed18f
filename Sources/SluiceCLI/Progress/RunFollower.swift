import Foundation
import Sluice
import SluiceServer

/// Watches one run through its engine, wherever that is, and shows it on a display until it has ended.
struct RunFollower {
    /// How often journals are read and the display is drawn while a run goes.
    private static let pace = Duration.milliseconds(100)
    /// Changes that come in a burst are looked at together: at most one look in this time.
    private static let shortest = Duration.milliseconds(20)

    let client: any EngineClient
    let run: RunID
    private var tails: [Int: JournalTail] = [:]
    /// The tasks that are over and have been shown to their end.
    private var finished: Set<Int> = []
    /// The newest attempt at each task that the display knows of; 0 for a for-each, which has none of its own.
    private var begun: [Int: Int] = [:]
    /// How many past attempts at each task have been shown.
    private var past: [Int: Int] = [:]
    private var lastLook = ContinuousClock.now - .seconds(1)
    private var lastReading = ContinuousClock.now - .seconds(1)
    /// How long it took to ask how the run stands: with thousands of tasks, long.
    private var lastEffort = Duration.zero

    /// - Parameter state: a run that goes on, as it stood then: what had been over is not shown again.
    init(client: any EngineClient, run: RunID, goesOnFrom state: RunState? = nil) {
        self.client = client
        self.run = run
        for (index, task) in (state?.tasks ?? []).enumerated() {
            if task.state.isEnded { finished.insert(index) }
            if task.attempt > 0 { begun[index] = task.attempt }
            past[index] = task.history.count
        }
    }

    /// - Returns: the run as it ended.
    mutating func follow(_ display: some RunDisplay) async throws -> RunState {
        var seen: Int64 = 0
        var state = try await client.perform(FindRun(run))
        while true {
            try await look(at: state, display)
            if state.run.status.isEnded { return state }
            var hasChanged = false
            var isOver = false
            repeat {
                let events = try await client.perform(FollowEvents(run, after: seen, wait: wait(hasChanged)))
                seen = events.last?.sequence ?? seen
                hasChanged = hasChanged || !events.isEmpty
                isOver = isOver || events.contains(where: \.endsRun)
            } while hasChanged && !isOver && ContinuousClock.now - lastLook < pause
            guard hasChanged else { continue }
            let start = ContinuousClock.now
            state = try await client.perform(FindRun(run))
            lastEffort = ContinuousClock.now - start
        }
    }

    /// The time between two looks at a run that changes: most of it is left to the engine.
    private var pause: Duration { max(Self.shortest, lastEffort * 4) }

    /// How long to wait for the next change, in seconds.
    private func wait(_ hasChanged: Bool) -> Double {
        let pause = hasChanged ? pause : Self.pace
        return max(0.001, (lastLook + pause - .now) / .seconds(1))
    }

    private mutating func look(at state: RunState, _ display: some RunDisplay) async throws {
        let isDue = ContinuousClock.now - lastReading >= Self.pace - .milliseconds(10)
        for (index, task) in state.tasks.enumerated() where !finished.contains(index) {
            try await showPast(of: task, index, display)
            if task.startedAt != nil { begin(task, index, attempt: task.attempt, display) }
            // Journals are read at the display's pace, and once more when the task is over.
            guard task.state == .running ? isDue : task.state.isEnded else { continue }
            // What did not get its turn when its run went on has said nothing new.
            if let attempt = task.attemptID, task.startedAt != nil { try await read(attempt, task, index, display) }
            if task.state.isEnded {
                display.end(task)
                finished.insert(index)
            }
        }
        if isDue { lastReading = .now }
        lastLook = .now
        display.refresh(state)
    }

    /// Shows the attempts that others have followed, each to its end.
    private mutating func showPast(of task: TaskRun, _ index: Int, _ display: some RunDisplay) async throws {
        let shown = past[index] ?? 0
        guard task.history.count > shown else { return }
        for attempt in task.history.dropFirst(shown) {
            begin(task, index, attempt: attempt.number, display)
            try await read(AttemptID(task: task.id, number: attempt.number), task, index, display)
            display.leave(attempt, of: task)
        }
        past[index] = task.history.count
    }

    private mutating func begin(_ task: TaskRun, _ index: Int, attempt: Int, _ display: some RunDisplay) {
        guard attempt > begun[index] ?? -1 else { return }
        begun[index] = attempt
        display.begin(task, attempt: attempt)
    }

    private mutating func read(
        _ attempt: AttemptID, _ task: TaskRun, _ index: Int, _ display: some RunDisplay
    ) async throws {
        guard !display.kinds.isEmpty else { return }
        var tail = tails[index].flatMap { $0.attempt == attempt ? $0 : nil } ?? JournalTail(attempt)
        try await tail.read(display.kinds, through: client) { display.show($0, of: task) }
        tails[index] = tail
    }
}

/// Shows a run as it goes. Its tasks may become more on the way: the elements of a for-each.
protocol RunDisplay: AnyObject {
    /// What it shows of what attempts say.
    var kinds: JournalKinds { get }
    /// An attempt at a task has begun; 0 for a for-each as a whole.
    func begin(_ task: TaskRun, attempt: Int)
    /// Something that a task's attempt said, each once.
    func show(_ entry: JournalEntry, of task: TaskRun)
    /// An attempt is over, and another one follows it.
    func leave(_ attempt: PastAttempt, of task: TaskRun)
    /// A task is over and has said everything.
    func end(_ task: TaskRun)
    /// The look is over.
    func refresh(_ state: RunState)
}

/// Shows nothing: for `--json`.
final class SilentDisplay: RunDisplay {
    var kinds: JournalKinds { [] }
    func begin(_ task: TaskRun, attempt: Int) {}
    func show(_ entry: JournalEntry, of task: TaskRun) {}
    func leave(_ attempt: PastAttempt, of task: TaskRun) {}
    func end(_ task: TaskRun) {}
    func refresh(_ state: RunState) {}
}
