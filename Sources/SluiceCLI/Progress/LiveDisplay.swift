import Foundation
import Sluice

/// Shows a run on a terminal: one line a task, redrawn in place.
final class LiveDisplay: RunDisplay {
    private let output: Output
    private var headlines: [TaskRunID: String] = [:]
    private var drawnLines = 0
    private var lastDrawing = ContinuousClock.now - .seconds(1)

    init(_ output: Output) { self.output = output }

    var kinds: JournalKinds { [.logs, .progress, .stepStarts] }

    func show(_ task: TaskRun) {}

    func show(_ entry: JournalEntry, of task: TaskRun) {
        switch entry {
        case .log(let line): if !line.text.isEmpty { headlines[task.id] = line.text }
        case .progress(let progress): headlines[task.id] = progress.description
        case .stepStarted(let step): headlines[task.id] = "\(step.range.line): \(step.text)"
        case .stepEnded, .preview, .artifact: break
        }
    }

    func end(_ task: TaskRun) {}

    func refresh(_ state: RunState) {
        let isOver = state.run.status.isEnded
        guard isOver || ContinuousClock.now - lastDrawing >= .milliseconds(50) else { return }
        lastDrawing = .now
        draw(state)
    }

    private func draw(_ state: RunState) {
        let width = output.width
        let names = state.tasks.map { DisplayText.fit(DisplayText.safe($0.name), 32) }
        let nameWidth = names.map(DisplayText.width).max() ?? 0
        // A picture taller than the terminal cannot be redrawn in place: finished tasks scroll away first.
        var lines: [String] = []
        for (task, name) in zip(state.tasks, names) {
            lines.append(line(for: task, name: DisplayText.pad(name, nameWidth), width: width))
        }
        let hidden = max(0, lines.count - max(4, output.height - 2))
        if hidden > 0, !state.run.status.isEnded {
            let ended = state.tasks.prefix { $0.state.isEnded }.count
            let first = min(max(0, ended - 2), hidden)
            lines = Array(lines[first..<(first + lines.count - hidden)])
        }
        var picture = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        for line in lines { picture += "\r\u{1B}[2K\(line)\n" }
        picture += "\u{1B}[J"
        output.write(picture)
        drawnLines = state.run.status.isEnded ? 0 : lines.count
    }

    private func line(for task: TaskRun, name: String, width: Int) -> String {
        let style = output.style
        let label = DisplayText.pad(task.state.label, 8)
        let time = DisplayText.pad(Formats.duration(from: task.startedAt, to: task.endedAt), 12, right: true)
        let left = "  \(symbol(task.state)) \(name)  \(label)\(time)  "
        let text = DisplayText.fit(DisplayText.safe(headline(task)), width - DisplayText.width(left) - 1)
        let shownText =
            switch task.state {
            case .failed, .lost, .timedOut, .terminated: style.red(text)
            default: style.dim(text)
            }
        return
            "  \(style.colour(task.state, symbol(task.state))) \(name)  \(style.colour(task.state, label))\(time)  \(shownText)"
    }

    private func headline(_ task: TaskRun) -> String {
        switch task.state {
        case .pending, .notRun, .skipped, .failed, .terminated, .timedOut, .lost: task.reason ?? ""
        case .running: task.reason ?? headlines[task.id] ?? ""
        case .succeeded: ""
        }
    }

    private func symbol(_ state: TaskState) -> String {
        switch state {
        case .pending: "○"
        case .running: "●"
        case .succeeded: "✓"
        case .failed, .terminated, .timedOut, .lost: "✗"
        case .skipped, .notRun: "–"
        }
    }
}

extension Style {
    /// `text` in the colour of a state; the word or the symbol beside it says the same without colour.
    func colour(_ state: TaskState, _ text: String) -> String {
        switch state {
        case .succeeded: green(text)
        case .failed, .terminated, .timedOut, .lost: red(text)
        case .running: blue(text)
        case .pending, .skipped, .notRun: dim(text)
        }
    }

    func colour(_ status: RunStatus, _ text: String) -> String {
        switch status {
        case .succeeded: green(text)
        case .failed: red(text)
        case .running: blue(text)
        case .pending: yellow(text)
        }
    }
}
