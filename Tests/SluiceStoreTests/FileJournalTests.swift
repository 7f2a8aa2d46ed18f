import Foundation
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceStore

@Suite("Journals as files")
struct FileJournalTests {
    private let temporary: TemporaryFolder
    private let journals: FileJournals
    private let attempt = AttemptID(task: TaskRunID(run: RunID(17), index: 1), number: 1)

    init() throws {
        temporary = try TemporaryFolder()
        journals = FileJournals(root: temporary.url.appending(path: "journals"))
    }

    private var file: URL { temporary.url.appending(path: "journals/17/2.1.jsonl") }

    private func line(_ text: String) -> JournalEntry {
        .log(LogLine(at: Date(timeIntervalSinceReferenceDate: 790_000_000), stream: .output, text: text))
    }

    private func entries(after position: Int = 0) throws -> [JournalEntry] {
        try journals.journal(of: attempt, after: position, limit: 100_000, kinds: .all).entries
    }

    @Test("are lines of JSON that other tools can read")
    func format() throws {
        let journal = try journals.openJournal(of: attempt)
        let at = Date(timeIntervalSince1970: 1_768_307_200.125)
        try journal.append(.log(LogLine(at: at, stream: .error, text: "tab\t\"quote\" \\ bell\u{7} ž")))
        let range = StepRange(start: 0, end: 8, line: 1, column: 1)
        try journal.append(.stepStarted(StepStart(index: 0, at: at, range: range, text: "select 1")))
        let failure = TaskFailure(code: "sql.error", message: "no")
        try journal.append(.stepEnded(StepEnd(index: 0, duration: 0.0125, rowsReturned: 1, failure: failure)))
        try journal.append(.progress(Progress(at: at, fraction: 0.5, text: "half")))
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 5 && lines[4].isEmpty)
        #expect(
            lines[0]
                == #"{"log":"error","at":1768307200125000,"text":"tab\t\"quote\" \\ bell\u0007 ž"}"#)
        #expect(lines[1] == #"{"step":0,"at":1768307200125000,"range":[0,8,1,1],"text":"select 1"}"#)
        #expect(lines[2].hasPrefix(#"{"end":0,"ns":12500000,"returned":1,"failure":{"#))
        for line in lines.dropLast() { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }

    @Test("lie by run, task, element and attempt")
    func names() throws {
        _ = try journals.openJournal(of: attempt)
        let task = TaskRunID(run: RunID(17), index: 0, element: 3)
        _ = try journals.openJournal(of: AttemptID(task: task, number: 2))
        let names = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
        #expect(names.sorted() == ["1-3.2.jsonl", "2.1.jsonl"])
    }

    @Test("escape every byte that JSON wants escaped, wherever it stands")
    func escapes() throws {
        let journal = try journals.openJournal(of: attempt)
        var expected: [JournalEntry] = []
        for scalar in (0...0x100).compactMap(Unicode.Scalar.init) {
            for length in 0..<9 {
                let text = String(repeating: "a", count: length) + String(scalar) + "ž" + String(scalar) + "bcdefghi"
                expected.append(line(text))
                try journal.append(line(text))
            }
        }
        try journal.close()
        #expect(try entries() == expected)
        for line in try Data(contentsOf: file).split(separator: 0x0A) {
            _ = try JSONSerialization.jsonObject(with: line)
        }
    }

    @Test("keep every number that fits")
    func numbers() throws {
        let journal = try journals.openJournal(of: attempt)
        let numbers = [
            0, 1, 9, 10, 99, 100, -1, -10, .max, .min, .max - 1, 999_999_999_999_999_999, 1_000_000_000_000_000_000,
        ]
        let steps = numbers.map { number in
            JournalEntry.stepEnded(StepEnd(index: number, duration: 1, rowsReturned: number, rowsChanged: ~number))
        }
        for step in steps { try journal.append(step) }
        for odd in [Double.nan, .infinity, -.infinity, 1e300] {
            try journal.append(.stepEnded(StepEnd(index: 1, duration: odd)))
        }
        let found = try entries()
        #expect(Array(found.prefix(steps.count)) == steps)
        #expect(found.count == steps.count + 4)
    }

    @Test("survive the death of their writer, at any length")
    func death() throws {
        // Never closed, as after kill -9: what is in the file now is what the kernel has.
        let journal = try journals.openJournal(of: attempt)
        var expected: [JournalEntry] = []
        for number in 0..<3_000 {
            let entry = line("\(number) " + String(repeating: "y", count: number % 700))
            expected.append(entry)
            try journal.append(entry)
            if number.isMultiple(of: 611) { #expect(try entries() == expected) }
        }
        let copy = try Data(contentsOf: file)
        try journal.close()
        let whole = try Data(contentsOf: file)
        #expect(copy.count > whole.count, "the file was mapped")
        #expect(copy.prefix(whole.count) == whole)
        #expect(copy.dropFirst(whole.count).allSatisfy { $0 == 0 })
        try copy.write(to: file)
        #expect(try entries() == expected)
    }

    @Test("leave a torn last line out, and go on behind the last whole one")
    func tornLine() throws {
        let journal = try journals.openJournal(of: attempt)
        for text in ["one", "two", "three"] { try journal.append(line(text)) }
        try journal.close()
        let whole = try Data(contentsOf: file)
        for torn in 1..<20 {
            try whole.dropLast(torn).write(to: file)
            #expect(try entries() == [line("one"), line("two")], "\(torn) bytes are missing")
        }
        let page = try journals.journal(of: attempt, after: 0, limit: 10, kinds: .all)
        #expect(
            try journals.journal(of: attempt, after: page.position, limit: 10, kinds: .all)
                == JournalPage(entries: [], position: page.position))

        let again = try journals.openJournal(of: attempt)
        try again.append(line("four"))
        #expect(
            try journals.journal(of: attempt, after: page.position, limit: 10, kinds: .all).entries == [line("four")])
        try again.close()
        #expect(try entries() == [line("one"), line("two"), line("four")])
    }

    @Test("go on behind the text when their mapped file was left over-long")
    func overlongFile() throws {
        let journal = try journals.openJournal(of: attempt)
        try journal.append(line("one"))
        try journal.close()
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 100_000)
        try handle.close()
        #expect(try entries() == [line("one")])
        let again = try journals.openJournal(of: attempt)
        try again.append(line("two"))
        try again.close()
        #expect(try entries() == [line("one"), line("two")])
        #expect(try Data(contentsOf: file).contains(0) == false)
    }

    @Test("show a damaged line as such, and the rest as it is")
    func damagedLine() throws {
        let journal = try journals.openJournal(of: attempt)
        for text in ["one", "two", "three"] { try journal.append(line(text)) }
        try journal.close()
        var bytes = try Data(contentsOf: file)
        let second = try #require(bytes.firstIndex(of: 0x0A)) + 1
        bytes[second + 3] = 0x21
        try bytes.write(to: file)
        let found = try entries()
        #expect(found.count == 3)
        #expect(found[0] == line("one") && found[2] == line("three"))
        guard case .log(let note) = found[1] else { return #expect(Bool(false), "\(found[1])") }
        #expect(note.stream == .engine)
        #expect(note.text.contains("damaged"))
    }

    @Test("are read to the end when one line is longer than a page of the file")
    func longLines() throws {
        let journal = try journals.openJournal(of: attempt)
        let expected = [1, 300_000, 2, 5_000_000, 3].map { line(String(repeating: "z", count: $0)) }
        for entry in expected { try journal.append(entry) }
        #expect(try entries() == expected)
        try journal.close()
        #expect(try entries() == expected)
    }

    @Test("are only as long as their text once the store is closed", .timeLimit(.minutes(1)))
    func closing() throws {
        let journal = try journals.openJournal(of: attempt)
        for number in 0..<1_000 { try journal.append(line("line \(number)")) }
        try journal.close()
        try journals.close()
        #expect(try Data(contentsOf: file).last == 0x0A)
        #expect(try entries().count == 1_000)
    }

    @Test("read a folder's worth of nothing at a position past the end")
    func beyond() throws {
        let journal = try journals.openJournal(of: attempt)
        try journal.append(line("one"))
        try journal.close()
        #expect(
            try journals.journal(of: attempt, after: 1_000_000, limit: 9, kinds: .all)
                == JournalPage(entries: [], position: 1_000_000))
        #expect(try journals.journal(of: attempt, after: -5, limit: 9, kinds: .all).entries.count == 1)
    }
}
