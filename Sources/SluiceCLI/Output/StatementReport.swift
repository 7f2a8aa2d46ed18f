import Sluice

/// Tells which statements of an attempt that broke off took effect: those that completed, and the one of which nobody knows.
enum StatementReport {
    static func lines(for task: TaskRun, record: AttemptRecord) -> [String] {
        switch task.state {
        case .terminated, .timedOut, .lost: break
        case .pending, .running, .succeeded, .failed, .skipped, .notRun: return []
        }
        guard task.pinned.stepCount > 0, task.attempt > 0 else { return [] }
        let completed = record.steps.filter { $0.end != nil && $0.end?.failure == nil }.map { $0.start.index + 1 }
        let count = task.pinned.stepCount
        var lines: [String] = []
        if completed.isEmpty {
            lines.append("None of its \(Formats.count(count, "statement")) completed.")
        } else {
            let noun = completed.count == 1 ? "Statement" : "Statements"
            let verb = completed.count == 1 ? "completed" : "of \(count) completed"
            lines.append("\(noun) \(ranges(of: completed)) \(verb).")
        }
        for step in record.steps where step.end == nil {
            let text = step.start.text.split(separator: "\n").first.map { DisplayText.safe($0) } ?? ""
            lines.append(
                "Statement \(step.start.index + 1), at line \(step.start.range.line), was sent; whether it took effect is "
                    + "unknown: \(DisplayText.fit(text, 80))")
        }
        for step in record.steps {
            guard let failure = step.end?.failure else { continue }
            lines.append(
                "Statement \(step.start.index + 1), at line \(step.start.range.line), did not complete: "
                    + DisplayText.safe(failure.message))
        }
        return lines
    }

    /// `1 to 4, 7`
    static func ranges(of numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in Set(numbers).sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
            .joined(separator: ", ")
    }
}
