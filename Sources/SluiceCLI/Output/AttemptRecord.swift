import Sluice

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
        of task: TaskRun, in store: any EngineStore, kinds: JournalKinds = .all.subtracting(.logs)
    ) throws {
        guard let attempt = task.attemptID else { return }
        var tail = JournalTail(attempt)
        try tail.read(kinds, from: store) { add($0) }
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

    mutating func read(_ kinds: JournalKinds, from store: any LogStore, _ body: (JournalEntry) -> Void) throws {
        while true {
            let page = try store.journal(of: attempt, after: position, limit: 2_000, kinds: kinds)
            for entry in page.entries { body(entry) }
            guard page.position > position else { return }
            position = page.position
        }
    }
}
