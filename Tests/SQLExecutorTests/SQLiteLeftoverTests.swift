import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("What a CREATE or DROP leaves behind goes away")
struct SQLiteLeftoverTests {
    private let root = FileManager.default.temporaryDirectory.appending(
        path: "sluice-sql-\(UUID().uuidString)", directoryHint: .isDirectory)

    /// Two days on, whatever lies there now is old.
    private let later = Date() + 2 * 86_400

    private func contents(_ folder: String = "") throws -> [String] {
        let url = folder.isEmpty ? root : root.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false)).sorted()
    }

    private func put(_ path: String) throws {
        let url = root.appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: url)
    }

    @Test("A database whose file cannot be made leaves nothing")
    func nothingIsLeftOfADatabaseThatCouldNotBeMade() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        // SQLite opens paths of 512 bytes at most; folders may be longer.
        var deep = root
        for _ in 0..<5 { deep.append(path: String(repeating: "d", count: 120), directoryHint: .isDirectory) }
        let error = try #require(throws: SQLError.self) { try SQLiteRoot(folder: deep).prepare() }
        #expect(error.code == "sql.storage")
        #expect(error.message.hasSuffix("unable to open database file"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: deep.path(percentEncoded: false)).isEmpty)
    }

    @Test func aSchemaMayHaveTheLongestNameAllowed() async throws {
        let house = try SQLiteHouse()
        let name = String(repeating: "é", count: 110)
        try await house.must("CREATE SCHEMA \(name); CREATE TABLE \(name).t(a); DROP SCHEMA \(name) CASCADE")
        try await house.must("CREATE DATABASE \(name)")
        try await house.must("USE DATABASE \(name); CREATE TABLE t(a)")
        let failure = try await house.mustFail("CREATE SCHEMA \(name)é")
        #expect(failure.code == "sql.bad-name")
        #expect(failure.message.contains("it has 222 bytes in UTF-8, and 220 are allowed"))
    }

    private static let leftovers = [
        ".new-A/public.db", ".new-A/public.db-wal", ".dropped-B/public.db", ".dropped-B/s.db", "master/.new-C",
        "master/.new-C-wal", "master/public.db.new-4711", "master/public.db.new-4711-shm", "d/s.db.new-D",
    ]
    /// Names that only look like leftovers: a schema `a.db.new-b`, and what people have put there.
    private static let others = [
        "master/public.db", "d/public.db", "d/a.db.new-b.db", "d/a.db.new-b.db-wal", "d/notes.new-1",
        ".newer/public.db",
        "README",
    ]

    @Test func oldLeftoversAreSweptWhenTheRootIsPrepared() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        for path in Self.leftovers + Self.others { try put(path) }
        try SQLiteRoot(folder: root).prepare(now: later)
        #expect(try contents() == [".newer", "README", "d", "master"])
        #expect(try contents("master") == ["public.db"])
        #expect(try contents("d") == ["a.db.new-b.db", "a.db.new-b.db-wal", "notes.new-1", "public.db"])
    }

    @Test("What may still be in another process's hands stays")
    func freshDraftsStay() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        for path in Self.leftovers + Self.others { try put(path) }
        try SQLiteRoot(folder: root).prepare()
        for path in Self.leftovers {
            #expect(FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false)))
        }
    }

    @Test func aRootIsSweptOnceInAProcess() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let house = SQLiteRoot(folder: root)
        try house.prepare(now: later)
        try put(".new-A/public.db")
        try house.prepare(now: later)
        #expect(try contents() == [".new-A", "master"])
    }

    @Test("A link that is called like a leftover keeps what it leads to")
    func linksAreNotFollowed() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        try put("kept/public.db")
        try FileManager.default.createSymbolicLink(
            at: root.appending(path: ".dropped-L"), withDestinationURL: root.appending(path: "kept"))
        try SQLiteRoot(folder: root).prepare(now: later)
        #expect(try contents("kept") == ["public.db"])
    }
}
