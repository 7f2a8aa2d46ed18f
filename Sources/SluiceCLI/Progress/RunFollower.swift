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
    private var lastLook = ContinuousClock.now - .seconds(1)
    private var lastReading = ContinuousClock.now - .seconds(1)

    init(client: any EngineClient, run: RunID) {
        self.client = client
        self.run = run
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
            } while hasChanged && !isOver && ContinuousClock.now - lastLook < Self.shortest
            if hasChanged { state = try await client.perform(FindRun(run)) }
        }
    }

    /// How long to wait for the next change, in seconds.
    private func wait(_ hasChanged: Bool) -> Double {
        let pause = hasChanged ? Self.shortest : Self.pace
        return max(0.001, (lastLook + pause - .now) / .seconds(1))
    }

    private mutating func look(at state: RunState, _ display: some RunDisplay) async throws {
        let isDue = ContinuousClock.now - lastReading >= Self.pace - .milliseconds(10)
        for (index, task) in state.tasks.enumerated() where !finished.contains(index) {
            display.show(task)
            // Journals are read at the display's pace, and once more when the task is over.
            guard task.state == .running ? isDue : task.state.isEnded else { continue }
            try await read(task, index, display)
            if task.state.isEnded {
                display.end(task)
                finished.insert(index)
            }
        }
        if isDue { lastReading = .now }
        lastLook = .now
        display.refresh(state)
    }

    private mutating func read(_ task: TaskRun, _ index: Int, _ display: some RunDisplay) async throws {
        guard let attempt = task.attemptID, !display.kinds.isEmpty else { return }
        var tail = tails[index].flatMap { $0.attempt == attempt ? $0 : nil } ?? JournalTail(attempt)
        try await tail.read(display.kinds, through: client) { display.show($0, of: task) }
        tails[index] = tail
    }
}

/// Shows a run as it goes.
protocol RunDisplay: AnyObject {
    /// What it shows of what attempts say.
    var kinds: JournalKinds { get }
    /// How a task stands; called at every look, changed or not.
    func show(_ task: TaskRun)
    /// Something that a task's attempt said, each once.
    func show(_ entry: JournalEntry, of task: TaskRun)
    /// A task is over and has said everything.
    func end(_ task: TaskRun)
    /// The look is over.
    func refresh(_ state: RunState)
}

/// Shows nothing: for `--json`.
final class SilentDisplay: RunDisplay {
    var kinds: JournalKinds { [] }
    func show(_ task: TaskRun) {}
    func show(_ entry: JournalEntry, of task: TaskRun) {}
    func end(_ task: TaskRun) {}
    func refresh(_ state: RunState) {}
}
