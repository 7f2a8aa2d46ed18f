import Sluice
import SluiceServer

/// The journal of a task's latest attempt, sorted into what a reader asks for.
struct AttemptRecord {
    struct Step {
        var start: StepStart
        var end: StepEnd?
        var preview: StepPreview?
    }

    private(set) var steps: [Step] = []
    private(set) var artifacts: [Artifact] = []
    private(set) var lines: [LogLine] = []

    /// - Parameter keepingLines: whether the log's lines are wanted too; there may be millions.
    init(of task: TaskRun, through client: any EngineClient, keepingLines: Bool = false) async throws {
        guard let attempt = task.attemptID else { return }
        var tail = JournalTail(attempt)
        try await tail.read(through: client) { entry in
            if case .log = entry, !keepingLines { return }
            add(entry)
        }
    }

    /// The record of each task, in the run's order.
    static func all(of state: RunState, through client: any EngineClient) async throws -> [AttemptRecord] {
        var records: [AttemptRecord] = []
        for task in state.tasks { records.append(try await AttemptRecord(of: task, through: client)) }
        return records
    }

    /// The rows of the last step that answered with rows.
    var lastPreview: StepPreview? { steps.last { $0.preview != nil }?.preview }

    private mutating func add(_ entry: JournalEntry) {
        switch entry {
        case .log(let line): lines.append(line)
        case .stepStarted(let start): steps.append(Step(start: start))
        case .stepEnded(let end):
            if let place = steps.lastIndex(where: { $0.start.index == end.index }) { steps[place].end = end }
        case .preview(let preview):
            if let place = steps.lastIndex(where: { $0.start.index == preview.index }) {
                steps[place].preview = preview
            }
        case .artifact(let artifact):
            artifacts.removeAll { $0.name == artifact.name }
            artifacts.append(artifact)
        case .progress: break
        }
    }
}

/// Reads on in a journal from where the last reading stopped.
struct JournalTail {
    let attempt: AttemptID
    private var position = 0

    init(_ attempt: AttemptID) { self.attempt = attempt }

    mutating func read(through client: any EngineClient, _ body: (JournalEntry) -> Void) async throws {
        while true {
            let stretch = try await client.perform(ReadJournal(attempt, after: position))
            for entry in stretch.entries { body(entry) }
            guard stretch.position > position else { return }
            position = stretch.position
        }
    }
}
