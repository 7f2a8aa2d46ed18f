import Sluice

/// Shows a run as plain lines: for files, pipes and CI logs.
final class PlainDisplay: RunDisplay {
    private let output: Output
    private var pending = ""
    /// What was printed last of each task, so that a progress that repeats the log is not printed beside it.
    private var lastText: [TaskRunID: String] = [:]

    init(_ output: Output) { self.output = output }

    var kinds: JournalKinds { [.logs, .progress] }

    /// Also called for one that began and ended between two looks: what is printed does not depend on when was looked.
    func begin(_ task: TaskRun, attempt: Int) {
        print("\(name(task)): Running" + (attempt > 1 ? ", attempt \(attempt)" : ""))
    }

    func leave(_ attempt: PastAttempt, of task: TaskRun) {
        let reason = attempt.reason.map { ": \(DisplayText.safe($0))" } ?? ""
        print("\(name(task)): attempt \(attempt.number) \(attempt.state.label)\(reason)")
    }

    func show(_ entry: JournalEntry, of task: TaskRun) {
        switch entry {
        case .log(let line):
            lastText[task.id] = line.text
            print("\(name(task)) | \(DisplayText.safe(line.text))")
        case .progress(let progress):
            let text = progress.description
            let last = lastText[task.id, default: ""].drop { $0 == " " }
            guard last.isEmpty || !text.hasSuffix(last) else { return }
            lastText[task.id] = text
            print("\(name(task)) … \(DisplayText.safe(text))")
        case .stepStarted, .stepEnded, .preview, .artifact: break
        }
    }

    func end(_ task: TaskRun) {
        let time = Formats.duration(from: task.startedAt, to: task.endedAt)
        switch task.state {
        case .notRun, .skipped: print("\(name(task)): not run, \(task.reason ?? "")")
        default: print("\(name(task)): \(task.state.label)" + (time.isEmpty ? "" : " in \(time)"))
        }
    }

    func refresh(_ state: RunState) {
        output.write(pending)
        pending = ""
    }

    /// Lines are written together once a look is over: one write for thousands of them.
    private func print(_ line: String) {
        pending += line
        pending += "\n"
        if pending.utf8.count >= 1 << 16 {
            output.write(pending)
            pending = ""
        }
    }

    private func name(_ task: TaskRun) -> String { DisplayText.safe(task.displayName) }
}

extension Progress {
    /// `42 % reading flights.csv`
    var description: String {
        guard let fraction else { return text }
        let percent = "\(Int((fraction * 100).rounded())) %"
        return text.isEmpty ? percent : "\(percent) \(text)"
    }
}
