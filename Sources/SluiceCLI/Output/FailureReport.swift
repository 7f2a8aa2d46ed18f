import Sluice

/// Tells a person why a task failed: the message, the place in the script, the long form.
enum FailureReport {
    /// How many characters of a failing line are shown, those around its column.
    private static let window = 100

    static func lines(for task: TaskRun, record: AttemptRecord, style: Style) -> [String] {
        guard let failure = task.failure else {
            return task.reason.map { [style.red($0)] } ?? []
        }
        var place = task.pinned.script.name
        if let line = failure.line {
            place += ":\(line)"
            if let column = failure.column { place += ":\(column)" }
        }
        var lines = [style.bold(place) + ": " + style.red(DisplayText.safe(failure.message))]
        if let step = failure.step, task.pinned.stepCount > 1 {
            lines[0] += style.dim(" (statement \(step + 1) of \(task.pinned.stepCount))")
        }
        if let detail = failure.detail {
            lines += detail.split(separator: "\n", omittingEmptySubsequences: false).map { DisplayText.safe($0) }
        } else {
            lines += excerpt(failure, record: record, style: style)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// The failing line with a caret, from the step's recorded text, in which secrets are blanked already.
    private static func excerpt(_ failure: TaskFailure, record: AttemptRecord, style: Style) -> [String] {
        guard let line = failure.line, let index = failure.step,
            let step = record.steps.last(where: { $0.start.index == index })
        else { return [] }
        let texts = step.start.text.split(separator: "\n", omittingEmptySubsequences: false)
        let offset = line - step.start.range.line
        guard texts.indices.contains(offset) else { return [] }
        // The line as it stands in the script: the step's text begins at its column.
        let lead = offset == 0 ? String(repeating: " ", count: step.start.range.column - 1) : ""
        let shown = Array((lead + texts[offset]).unicodeScalars)
        let column = failure.column ?? 1
        let first = max(0, min(column - 1 - window / 2, shown.count - window))
        var cut = String.UnicodeScalarView()
        cut.append(contentsOf: shown.dropFirst(first).prefix(window))
        let number = "\(line)"
        var lines = [style.dim("  \(number) | ") + DisplayText.safe(String(cut))]
        if failure.column != nil {
            let blank = String(repeating: " ", count: number.count)
            lines.append(
                style.dim("  \(blank) | ") + String(repeating: " ", count: column - 1 - first) + style.red("^"))
        }
        return lines
    }
}
