import Foundation
import Sluice

/// Shows a run on a terminal: one line a task, redrawn in place. Of a for-each's elements the line of their task tells, and
/// a few of them that run or have failed stand below it.
final class LiveDisplay: RunDisplay {
    /// How many elements of one task are shown at a time.
    private static let elementLimit = 5

    private let output: Output
    private var headlines: [TaskRunID: String] = [:]
    private var drawnLines = 0
    private var lastDrawing = ContinuousClock.now - .seconds(1)

    init(_ output: Output) { self.output = output }

    var kinds: JournalKinds { [.logs, .progress, .stepStarts] }

    func begin(_ task: TaskRun, attempt: Int) { headlines[task.id] = nil }

    func show(_ entry: JournalEntry, of task: TaskRun) {
        switch entry {
        case .log(let line): if !line.text.isEmpty { headlines[task.id] = line.text }
        case .progress(let progress): headlines[task.id] = progress.description
        case .stepStarted(let step): headlines[task.id] = "\(step.range.line): \(step.text)"
        case .stepEnded, .preview, .artifact: break
        }
    }

    func leave(_ attempt: PastAttempt, of task: TaskRun) { headlines[task.id] = nil }

    func end(_ task: TaskRun) { headlines[task.id] = nil }

    func refresh(_ state: RunState) {
        let isOver = state.run.status.isEnded
        guard isOver || ContinuousClock.now - lastDrawing >= .milliseconds(50) else { return }
        lastDrawing = .now
        draw(state)
    }

    /// A line of the picture.
    private struct Row {
        var task: TaskRun
        var name: String
        var headline: String
    }

    private func draw(_ state: RunState) {
        let width = output.width
        var rows: [Row] = []
        for group in state.groups {
            let name = DisplayText.fit(DisplayText.safe(group.task.name), 32)
            let tally = group.elements.isEmpty ? nil : ElementTally(group.elements).words
            rows.append(Row(task: group.task, name: name, headline: tally ?? headline(group.task)))
            for element in shown(group.elements, isOver: state.run.status.isEnded) {
                let name = "  [\(element.id.element ?? 0)]"
                rows.append(Row(task: element, name: name, headline: headline(element)))
            }
        }
        let nameWidth = rows.map { DisplayText.width($0.name) }.max() ?? 0
        // A picture taller than the terminal cannot be redrawn in place: finished tasks scroll away first.
        let hidden = max(0, rows.count - max(4, output.height - 2))
        if hidden > 0, !state.run.status.isEnded {
            let ended = rows.prefix { $0.task.state.isEnded }.count
            let first = min(max(0, ended - 2), hidden)
            rows = Array(rows[first..<(first + rows.count - hidden)])
        }
        var picture = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        for row in rows { picture += "\r\u{1B}[2K\(line(for: row, nameWidth: nameWidth, width: width))\n" }
        picture += "\u{1B}[J"
        output.write(picture)
        drawnLines = state.run.status.isEnded ? 0 : rows.count
    }

    /// The elements that are worth a line: those under way, and in the end those that failed.
    private func shown(_ elements: [TaskRun], isOver: Bool) -> some Sequence<TaskRun> {
        elements.lazy.filter { isOver ? $0.state.isFailure : $0.state == .running }.prefix(Self.elementLimit)
    }

    private func line(for row: Row, nameWidth: Int, width: Int) -> String {
        let style = output.style
        let task = row.task
        let name = DisplayText.pad(row.name, nameWidth)
        let label = DisplayText.pad(task.state.label, 8)
        let time = DisplayText.pad(Formats.duration(from: task.startedAt, to: task.endedAt), 12, right: true)
        let left = "  \(symbol(task.state)) \(name)  \(label)\(time)  "
        let text = DisplayText.fit(DisplayText.safe(row.headline), width - DisplayText.width(left) - 1)
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
        case .running: task.reason ?? headlines[task.id] ?? (task.attempt > 1 ? "attempt \(task.attempt)" : "")
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
