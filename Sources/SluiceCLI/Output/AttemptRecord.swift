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
    /// The rows of the last step that answered with rows.
    private(set) var lastPreview: StepPreview?

    /// - Parameter kinds: what is wanted; of log lines there may be millions, of steps tens of thousands.
    init(
        of task: TaskRun, through client: any EngineClient, kinds: JournalKinds = .all.subtracting(.logs)
    ) async throws {
        guard let attempt = task.attemptID else { return }
        var tail = JournalTail(attempt)
        try await tail.read(kinds, through: client) { add($0) }
    }

    /// The record of each task, in the run's order.
    static func all(of state: RunState, through client: any EngineClient) async throws -> [AttemptRecord] {
        var records: [AttemptRecord] = []
        for task in state.tasks { records.append(try await AttemptRecord(of: task, through: client)) }
        return records
    }

    /// The same with what a summary of the run shows: of a task that is well only its last rows and its files.
    static func summed(_ state: RunState, through client: any EngineClient) async throws -> [AttemptRecord] {
        var records: [AttemptRecord] = []
        for task in state.tasks {
            let kinds: JournalKinds = task.state.isFailure ? .all.subtracting(.logs) : [.previews, .artifacts]
            records.append(try await AttemptRecord(of: task, through: client, kinds: kinds))
        }
        return records
    }

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
            lastPreview = preview
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

    mutating func read(
        _ kinds: JournalKinds, through client: any EngineClient, _ body: (JournalEntry) -> Void
    ) async throws {
        while true {
            let stretch = try await client.perform(ReadJournal(attempt, after: position, kinds: kinds))
            for entry in stretch.entries { body(entry) }
            guard stretch.position > position else { return }
            position = stretch.position
        }
    }
}
