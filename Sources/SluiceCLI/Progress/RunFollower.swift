import Foundation
import Sluice

/// Watches one run through the store and its journals, and shows it on a display until it has ended.
struct RunFollower {
    let store: any EngineStore
    let run: RunID
    private var tails: [Int: JournalTail] = [:]
    /// The tasks that are over and have been shown to their end.
    private var finished: Set<Int> = []
    private var lastLook = ContinuousClock.now - .seconds(1)

    init(store: any EngineStore, run: RunID) {
        self.store = store
        self.run = run
    }

    /// - Returns: the run as it ended.
    mutating func follow(_ display: some RunDisplay) async throws -> RunState {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let signals = store.signals()
        wake.yield()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { for await _ in signals { wake.yield() } }
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: .milliseconds(100))
                    wake.yield()
                }
            }
            for await _ in wakes {
                if let ended = try look(display) { return ended }
            }
            throw CancellationError()
        }
    }

    /// - Returns: the run, once it has ended.
    private mutating func look(_ display: some RunDisplay) throws -> RunState? {
        guard let state = try store.run(run) else { return nil }
        let isOver = state.run.status.isEnded
        let isDue = ContinuousClock.now - lastLook >= .milliseconds(90)
        for (index, task) in state.tasks.enumerated() where !finished.contains(index) {
            display.show(task)
            // Journals are read at the display's pace, and once more when the task is over.
            guard task.state == .running ? isDue : task.state.isEnded else { continue }
            try read(task, index, display)
            if task.state.isEnded {
                display.end(task)
                finished.insert(index)
            }
        }
        if isDue { lastLook = .now }
        display.refresh(state)
        return isOver ? state : nil
    }

    private mutating func read(_ task: TaskRun, _ index: Int, _ display: some RunDisplay) throws {
        guard let attempt = task.attemptID, !display.kinds.isEmpty else { return }
        var tail = tails[index].flatMap { $0.attempt == attempt ? $0 : nil } ?? JournalTail(attempt)
        try tail.read(display.kinds, from: store) { display.show($0, of: task) }
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
