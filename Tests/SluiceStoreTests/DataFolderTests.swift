import Foundation
import Glibc
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceStore

@Suite("The data folder")
struct DataFolderTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private func refusal(_ url: URL) throws -> StoreError {
        try #require(throws: StoreError.self) { try DataFolder(at: url) }
    }

    @Test("is made for its owner alone, with what is missing above it")
    func created() throws {
        let url = temporary.url.appending(path: "a/b/.sluice")
        let folder = try DataFolder(at: url)
        let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let store = try SQLiteStore(folder: folder)
        _ = try store.openJournal(of: AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1))
        try store.close()
        for name in ["format", "sluice.db", "journals/1/1.1.jsonl"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: url.appending(path: name).path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        #expect(try DataFolder(at: url).database == folder.database)
    }

    @Test("is one folder by whatever path it is reached")
    func canonical() throws {
        let url = temporary.url.appending(path: "real")
        let folder = try DataFolder(at: url)
        let link = temporary.url.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
        #expect(try DataFolder(at: link).root == folder.root)
        #expect(try DataFolder(at: url.appending(path: "../real/.")).root == folder.root)
    }

    @Test("cannot be a file, nor lie below one")
    func notAFolder() throws {
        let file = temporary.url.appending(path: "file")
        try Data().write(to: file)
        for url in [file, file.appending(path: "below"), file.appending(path: "far/below")] {
            let error = try refusal(url)
            #expect(error.code == "folder.not-a-folder")
            #expect(error.category == .badInput)
            #expect(error.message.contains(file.path))
        }
    }

    @Test("that cannot be made is refused with what to do")
    func closedParent() async throws {
        let parent = temporary.url.appending(path: "parent")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        chmod(temporary.path, 0o755)
        chmod(parent.path, 0o555)
        let url = parent.appending(path: "data")
        let error = try await #require(throws: StoreError.self) {
            try await OrdinaryUser.run { _ = try DataFolder(at: url) }
        }
        #expect(error.code == "folder.read-only")
        #expect(error.message.contains("another data folder"))
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }

    @Test("of a newer layout is left as it is")
    func newerLayout() throws {
        _ = try DataFolder(at: temporary.url)
        let mark = temporary.url.appending(path: "format")
        try Data("7\n".utf8).write(to: mark)
        let error = try refusal(temporary.url)
        #expect(error.code == "folder.newer-version")
        #expect(error.message.contains("format 7"))
        #expect(error.message.contains("up to 1"))
        #expect(try Data(contentsOf: mark) == Data("7\n".utf8))
        try Data("seven".utf8).write(to: mark)
        #expect(try refusal(temporary.url).code == "folder.damaged")
    }

    @Test("with a pipe where a file should be is refused, without waiting for whoever might write to it")
    func pipes() throws {
        let folder = try DataFolder(at: temporary.url)
        let attempt = AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1)
        do {
            let store = try SQLiteStore(folder: folder)
            let path = store.journals.path(of: attempt)
            try FileManager.default.createDirectory(
                at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            #expect(mkfifo(path, 0o600) == 0)
            #expect(throws: StoreError.self) { try store.journal(of: attempt, after: 0, limit: 1) }
            try store.close()
        }
        let mark = temporary.url.appending(path: "format").path
        unlink(mark)
        #expect(mkfifo(mark, 0o600) == 0)
        #expect(try refusal(temporary.url).code == "folder.unusable")
    }

    @Test("serves one engine at a time, and says who has it")
    func lock() throws {
        let folder = try DataFolder(at: temporary.url)
        let lock = try folder.lockForEngine(purpose: "sluice run flights")
        for url in [temporary.url, temporary.url.appending(path: "../\(temporary.url.lastPathComponent)")] {
            let other = try DataFolder(at: url)
            let error = try #require(throws: StoreError.self) { try other.lockForEngine(purpose: "sluice serve") }
            #expect(error.code == "folder.in-use")
            #expect(error.category == .conflict)
            #expect(error.message.contains("process \(getpid()) (sluice run flights)"))
        }
        lock.release()
        lock.release()
        let next = try folder.lockForEngine(purpose: "sluice serve")
        let error = try #require(throws: StoreError.self) { try folder.lockForEngine(purpose: "x") }
        #expect(error.message.contains("(sluice serve)"))
        next.release()
    }

    @Test("is free again when the lock is forgotten")
    func forgottenLock() throws {
        let folder = try DataFolder(at: temporary.url)
        do { _ = try folder.lockForEngine(purpose: "first") }
        try folder.lockForEngine(purpose: "second").release()
    }

    @Test("is not kept locked by programs that its engine started", .timeLimit(.minutes(1)))
    func lockIsNotInherited() throws {
        let folder = try DataFolder(at: temporary.url)
        let lock = try folder.lockForEngine(purpose: "first")
        let child = Process()
        child.executableURL = URL(filePath: "/bin/cat")
        let input = Pipe()
        child.standardInput = input
        child.standardOutput = FileHandle.nullDevice
        try child.run()
        lock.release()
        try folder.lockForEngine(purpose: "second").release()
        try input.fileHandleForWriting.close()
        child.waitUntilExit()
    }

    @Test("loses half-made copies when an engine takes it")
    func leftovers() throws {
        let folder = try DataFolder(at: temporary.url)
        let incoming = folder.artifacts.appending(path: "incoming")
        try FileManager.default.createDirectory(at: incoming, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: incoming.appending(path: "1.2"))
        try folder.lockForEngine(purpose: "sluice run").release()
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming.path).isEmpty)
    }
}
