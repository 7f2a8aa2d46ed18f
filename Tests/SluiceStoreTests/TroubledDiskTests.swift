import Foundation
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceStore

@Suite(
    "Trouble with the disk",
    .enabled(if: SmallDisk.isAvailable, "a disk that can be full needs the right to mount one: run as root"))
struct TroubledDiskTests {
    private let attempt = AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1)

    private let noon = Date(timeIntervalSinceReferenceDate: 790_000_000)

    private func refusal(_ body: () throws -> Void) throws -> StoreError {
        try #require(throws: StoreError.self) { try body() }
    }

    @Test("a full disk is named on opening, and nothing is in the way later")
    func fullOnOpening() throws {
        let disk = try SmallDisk(kilobytes: 1_024)
        try disk.fill()
        let url = disk.url.appending(path: "data")
        #expect(try refusal { _ = try DataFolder(at: url) }.code == "disk.full")
        try disk.free()
        let folder = try DataFolder(at: url)
        try disk.fill()
        let error = try refusal { _ = try SQLiteStore(folder: folder) }
        #expect(error.code == "disk.full")
        #expect(error.message.contains("Free some space"))
        try disk.free()
        #expect(try SQLiteStore(folder: DataFolder(at: url)).pools().count == 1)
    }

    @Test("a full disk refuses a submission whole, and the next one with space goes through")
    func fullOnSubmitting() throws {
        let disk = try SmallDisk(kilobytes: 2_048)
        let store = try SQLiteStore(folder: DataFolder(at: disk.url))
        try disk.fill()
        var refused: StoreError?
        var written = 0
        // What SQLite has reserved may take a few more; then it must say so.
        while refused == nil, written < 1_000 {
            do {
                _ = try store.submit(Samples.newRun(tasks: 20))
                written += 1
            } catch let error as StoreError {
                refused = error
            }
        }
        #expect(refused?.code == "disk.full")
        #expect(refused?.category == .fault)
        #expect(try store.runs(RunQuery(limit: 5_000)).count == written)
        try disk.free()
        let run = try store.submit(Samples.newRun(tasks: 20)).state.run.id
        #expect(try store.run(run)?.tasks.count == 20)
        #expect(try store.runs(RunQuery(limit: 5_000)).count == written + 1)
    }

    @Test("a full disk stops a journal with a clear error, and every line before is whole")
    func fullOnAppending() throws {
        let disk = try SmallDisk(kilobytes: 1_024)
        let journals = FileJournals(root: disk.url.appending(path: "journals"))
        let journal = try journals.openJournal(of: attempt)
        var written = 0
        let line = JournalEntry.log(LogLine(at: noon, stream: .output, text: String(repeating: "x", count: 1_000)))
        let error = try refusal { while written < 10_000 { try journal.append(line); written += 1 } }
        #expect(error.code == "disk.full")
        // More than fits into one stretch of memory, and most of the disk.
        #expect(written > 700)
        #expect(try journals.journal(of: attempt, after: 0, limit: 20_000, kinds: .all).entries.count == written)
        try journal.close()
        #expect(try journals.journal(of: attempt, after: 0, limit: 20_000, kinds: .all).entries.count == written)
        #expect(
            try refusal { _ = try journals.openJournal(of: AttemptID(task: attempt.task, number: 2)).append(line) }.code
                == "disk.full")
        try journals.close()
    }

    @Test("a journal goes on once there is space again")
    func journalGoesOn() throws {
        let disk = try SmallDisk(kilobytes: 512)
        let journals = FileJournals(root: disk.url.appending(path: "journals"))
        let journal = try journals.openJournal(of: attempt)
        let line = JournalEntry.log(LogLine(at: noon, stream: .output, text: String(repeating: "x", count: 1_000)))
        try journal.append(line)
        try disk.fill()
        var written = 1
        _ = try refusal { while written < 10_000 { try journal.append(line); written += 1 } }
        try disk.free()
        for _ in 0..<100 { try journal.append(line) }
        try journal.close()
        #expect(
            try journals.journal(of: attempt, after: 0, limit: 20_000, kinds: .all).entries
                == Array(repeating: line, count: written + 100))
    }

    @Test("a full disk refuses an artifact and leaves no half of it")
    func fullOnKeeping() throws {
        let disk = try SmallDisk(kilobytes: 512)
        let temporary = try TemporaryFolder()
        let file = temporary.url.appending(path: "large")
        try Data(repeating: 0x61, count: 1 << 20).write(to: file)
        let artifacts = FileArtifacts(root: disk.url.appending(path: "artifacts"))
        let error = try refusal { _ = try artifacts.keepArtifact(file, name: "large", of: attempt) }
        #expect(error.code == "disk.full")
        #expect(try artifacts.artifacts(of: attempt).isEmpty)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: disk.url.appending(path: "artifacts/incoming").path)
        #expect(left.isEmpty)
    }

    @Test("a read-only folder is named as such, by folder, store, journal and artifact")
    func readOnly() throws {
        let disk = try SmallDisk(kilobytes: 2_048)
        let url = disk.url.appending(path: "data")
        do { try SQLiteStore(folder: DataFolder(at: url)).close() }
        let open = try SQLiteStore(folder: DataFolder(at: url))
        _ = try open.submit(Samples.newRun(tasks: 1))
        try open.close()
        try disk.makeReadOnly()
        let folder = try DataFolder(at: url)
        let file = url.appending(path: "format")
        let attempts: [() throws -> Void] = [
            { _ = try DataFolder(at: disk.url.appending(path: "other")) },
            { _ = try folder.lockForEngine(purpose: "sluice run") },
            { _ = try SQLiteStore(folder: folder) },
            { _ = try FileJournals(root: folder.journals).openJournal(of: attempt) },
            { _ = try FileArtifacts(root: folder.artifacts).keepArtifact(file, name: "x", of: attempt) },
        ]
        for (number, body) in attempts.enumerated() {
            let error = try refusal(body)
            #expect(error.code == "folder.read-only", "attempt \(number): \(error)")
            #expect(error.message.contains(disk.url.path), "attempt \(number): \(error)")
        }
    }
}
