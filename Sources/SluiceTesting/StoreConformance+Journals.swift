import Foundation
import SluiceCore

extension StoreConformance {
    static let journalCases: [Case] = [
        Case("a journal gives back every kind of entry as it was said") { bench in
            let entries = JournalSamples.everyKind
            let journal = try bench.first.openJournal(of: JournalSamples.attempt)
            for entry in entries { try journal.append(entry) }
            let page = try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 1_000)
            try require(page.entries.count, is: entries.count, "entries")
            for (found, expected) in zip(page.entries, entries) { try require(found, is: expected, "an entry") }
            try journal.close()
            try journal.close()
            try require(
                try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 1_000), is: page, "it closed")
            try await refused("an entry after the end", code: "journal.closed") { try journal.append(entries[0]) }
        },
        Case("a journal is followed while it is written") { bench in
            let journal = try bench.first.openJournal(of: JournalSamples.attempt)
            var position = 0
            for entry in JournalSamples.everyKind {
                let empty = try bench.second.journal(of: JournalSamples.attempt, after: position, limit: 10)
                try require(empty, is: JournalPage(entries: [], position: position), "nothing new")
                try journal.append(entry)
                let page = try bench.second.journal(of: JournalSamples.attempt, after: position, limit: 10)
                try require(page.entries, is: [entry], "the new entry, at once")
                position = page.position
            }
            try journal.close()
        },
        Case("a long journal is read by page") { bench in
            let journal = try bench.first.openJournal(of: JournalSamples.attempt)
            let lines = (0..<5_000).map { JournalSamples.line("line \($0) " + String(repeating: "x", count: $0 % 97)) }
            for line in lines { try journal.append(line) }
            try journal.close()
            var (read, position): ([JournalEntry], Int) = ([], 0)
            while true {
                let page = try bench.second.journal(of: JournalSamples.attempt, after: position, limit: 333)
                if page.entries.isEmpty { break }
                try require(page.entries.count <= 333, "a page is as long as asked for")
                read += page.entries
                position = page.position
            }
            try require(read, is: lines, "the lines by page")
            let none = try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 0)
            try require(none, is: JournalPage(entries: [], position: 0), "an empty page")
        },
        Case("of a journal only the kinds that are wanted are read, and the others do not fill the page") { bench in
            let entries = JournalSamples.everyKind
            let journal = try bench.first.openJournal(of: JournalSamples.attempt)
            for entry in entries { try journal.append(entry) }
            try journal.close()
            let whole = try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 1_000)
            let kinds: [JournalKinds] = [
                .logs, .stepStarts, .stepEnds, .previews, .progress, .artifacts, [.previews, .artifacts], [], .all,
            ]
            for wanted in kinds {
                let expected = entries.filter { wanted.contains($0.kind) }
                let page = try bench.second.journal(
                    of: JournalSamples.attempt, after: 0, limit: max(1, expected.count + 1), kinds: wanted)
                try require(
                    page, is: JournalPage(entries: expected, position: whole.position), "kinds \(wanted.rawValue)")
            }
            let last = try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 1, kinds: .artifacts)
            try require(last.entries, is: [entries[entries.count - 1]], "one artifact behind many others")
        },
        Case("an attempt that said nothing has an empty journal") { bench in
            let page = try bench.first.journal(of: JournalSamples.attempt, after: 0, limit: 10)
            try require(page, is: JournalPage(entries: [], position: 0), "no journal")
            try bench.first.openJournal(of: JournalSamples.attempt).close()
            try require(
                try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 10), is: page, "an empty one")
        },
        Case("attempts and elements have journals of their own") { bench in
            let task = TaskRunID(run: RunID(3), index: 1)
            let element = TaskRunID(run: RunID(3), index: 1, element: 0)
            let attempts = [
                AttemptID(task: task, number: 1), AttemptID(task: task, number: 2),
                AttemptID(task: element, number: 1), AttemptID(task: TaskRunID(run: RunID(31), index: 1), number: 1),
            ]
            for attempt in attempts {
                let journal = try bench.first.openJournal(of: attempt)
                try journal.append(JournalSamples.line("\(attempt)"))
                try journal.close()
            }
            for attempt in attempts {
                let entries = try bench.second.journal(of: attempt, after: 0, limit: 10).entries
                try require(entries, is: [JournalSamples.line("\(attempt)")], "the journal of \(attempt)")
            }
        },
        Case("many threads write to one journal, and each keeps its order") { bench in
            let journal = try bench.first.openJournal(of: JournalSamples.attempt)
            try await bench.inParallel(4) { _, number in
                for line in 0..<500 { try journal.append(JournalSamples.line("\(number) \(line)")) }
            }
            try journal.close()
            let entries = try bench.second.journal(of: JournalSamples.attempt, after: 0, limit: 10_000).entries
            try require(entries.count, is: 2_000, "entries")
            for number in 0..<4 {
                let ours = entries.filter {
                    if case .log(let line) = $0 { return line.text.hasPrefix("\(number) ") }
                    return false
                }
                try require(
                    ours, is: (0..<500).map { JournalSamples.line("\(number) \($0)") }, "the lines of one thread")
            }
        },
        Case("artifacts are copies, by attempt and name") { bench in
            let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "made by the script.html")
            try Data("<p>one".utf8).write(to: file)
            let (attempt, other) = (
                JournalSamples.attempt, AttemptID(task: JournalSamples.attempt.task, number: 2)
            )
            let kept = try bench.first.keepArtifact(file, name: "delays ✓.html", of: attempt)
            try require(kept.name, is: "delays ✓.html", "its name")
            try require(kept.size, is: 6, "its size")
            try Data("<p>two!".utf8).write(to: file)
            try require(try Data(contentsOf: URL(filePath: kept.path)), is: Data("<p>one".utf8), "the copy's bytes")
            _ = try bench.second.keepArtifact(file, name: "a.html", of: attempt)
            let replaced = try bench.second.keepArtifact(file, name: "delays ✓.html", of: attempt)
            try require(try bench.first.artifacts(of: attempt).map(\.name), is: ["a.html", "delays ✓.html"], "names")
            try require(try bench.first.artifacts(of: attempt)[1], is: replaced, "the artifact that was replaced")
            try require(try Data(contentsOf: URL(filePath: replaced.path)), is: Data("<p>two!".utf8), "its bytes")
            try require(try bench.first.artifacts(of: other), is: [], "another attempt's artifacts")
        },
        Case("an artifact needs a plain name and a file") { bench in
            let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "a.html")
            try Data("x".utf8).write(to: file)
            for name in ["", ".", "..", "../a.html", "/etc/a", "a/b", "a\nb", String(repeating: "x", count: 256)] {
                try await refused("the name '\(name)'", code: "artifact.name", category: .badInput) {
                    _ = try bench.first.keepArtifact(file, name: name, of: JournalSamples.attempt)
                }
            }
            for place in [folder, folder.appending(path: "missing")] {
                try await refused("the file \(place.path)", code: "artifact.unreadable", category: .badInput) {
                    _ = try bench.first.keepArtifact(place, name: "a", of: JournalSamples.attempt)
                }
            }
            try require(try bench.first.artifacts(of: JournalSamples.attempt), is: [], "the artifacts")
        },
    ]
}

/// What attempts may say, in all its odd forms.
enum JournalSamples {
    static let attempt = AttemptID(task: TaskRunID(run: RunID(17), index: 1), number: 1)
    private static let noon = Date(timeIntervalSinceReferenceDate: 790_000_000.125)

    static func line(_ text: String) -> JournalEntry { .log(LogLine(at: noon, stream: .output, text: text)) }

    static let everyKind: [JournalEntry] = [
        line("plain"), line(""),
        .log(LogLine(at: noon + 0.000_001, stream: .error, text: "quote \" backslash \\ slash / tab \t bell \u{07}")),
        .log(
            LogLine(at: noon - 1e9, stream: .engine, text: "line\nbreak\r, separator \u{2028}, žluť 日本 🧪, \u{7F}\u{0}")),
        line(String(repeating: "long ", count: 100_000)),
        .stepStarted(
            StepStart(
                index: 0, at: noon, range: StepRange(start: 0, end: 8, line: 1, column: 1), text: "select \"a\"")),
        .stepEnded(StepEnd(index: 0, duration: 0.000_012_5, rowsReturned: 1)),
        .stepStarted(
            StepStart(
                index: 1_234, at: noon, range: StepRange(start: 1_000_000, end: 2_000_000, line: 99_999, column: 7),
                text: String(repeating: "x", count: StepStart.textLimit))),
        .stepEnded(StepEnd(index: 1_234, duration: 86_400.5, rowsChanged: 0)),
        .stepEnded(StepEnd(index: 3, duration: 0)),
        .stepEnded(
            StepEnd(
                index: 4, duration: 1.5, rowsReturned: 9_007_199_254_740_993, rowsChanged: 3,
                failure: TaskFailure(
                    code: "sql.error", message: "near \"FORM\": syntax error", step: 4, line: 17, column: 3,
                    detail: "two\nlines", exitStatus: nil))),
        .preview(
            StepPreview(
                index: 4, columns: ["a", "b \"c\""],
                rows: [[1, "two"], [nil, 0.1], [true, ["x": [1, 2]]], [.integer(.max), .string("\u{1F9EA}")]])),
        .preview(StepPreview(index: 5, columns: [], rows: [])),
        .progress(Progress(at: noon, fraction: 0.5, text: "half")),
        .progress(Progress(at: noon, fraction: nil, text: "")),
        .artifact(Artifact(name: "a.html", path: "/data/a.html", size: 12)),
    ]
}
