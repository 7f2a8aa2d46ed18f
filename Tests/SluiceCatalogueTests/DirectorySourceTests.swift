import Foundation
import Glibc
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceCatalogue

@Suite("A folder as a source")
struct DirectorySourceTests {
    private let scripts: ScriptFolder

    init() throws { scripts = try ScriptFolder() }

    private func names(_ source: DirectorySource) async throws -> [String] {
        try await source.list().items.map(\.name).sorted()
    }

    @Test("a bucket lists every script below it, of known types only, by its path")
    func bucketPaths() async throws {
        for name in [
            "a.py", "etl/load.py", "etl/deep/er/x.py", "q.sql", "READ.PY", "data.csv", "notes", "etl/__init__.py",
        ] {
            try scripts.write(name)
        }
        let listing = try await scripts.bucket().list()
        #expect(
            listing.items.map(\.name).sorted() == [
                "READ.PY", "a.py", "etl/__init__.py", "etl/deep/er/x.py", "etl/load.py", "q.sql",
            ])
        #expect(listing.items.first { $0.name == "q.sql" }?.kind == .sql)
        #expect(listing.items.first { $0.name == "READ.PY" }?.kind == .python)
        #expect(listing.refused.isEmpty)
    }

    @Test("hidden things and caches are passed over")
    func hidden() async throws {
        for name in [".hidden.py", ".git/x.py", ".venv/lib/y.py", "etl/__pycache__/z.py", "etl/ok.py"] {
            try scripts.write(name)
        }
        #expect(try await names(scripts.bucket()) == ["etl/ok.py"])
        #expect(try await scripts.bucket().list().refused.isEmpty)
    }

    @Test("a workbench folder is flat and holds SQL alone")
    func workbenchIsFlat() async throws {
        for name in ["clean_flights.sql", "sub/deep.sql", "load.py", "readme.txt", "a1.sql"] { try scripts.write(name) }
        let listing = try await scripts.workbench().list()
        #expect(listing.items.map(\.name).sorted() == ["a1.sql", "clean_flights.sql"])
        #expect(listing.items.allSatisfy { $0.kind == .sql })
        #expect(listing.refused.isEmpty)
    }

    @Test("a workbench name of 128 characters is taken, one of 129 refused")
    func longNames() async throws {
        let (longest, tooLong) = (String(repeating: "a", count: 128), String(repeating: "b", count: 129))
        try scripts.write("\(longest).sql")
        try scripts.write("\(tooLong).sql")
        let listing = try await scripts.workbench().list()
        #expect(listing.items.map(\.name) == ["\(longest).sql"])
        #expect(listing.refused.map(\.name) == ["\(tooLong).sql"])
        #expect(listing.refused.first?.reason.contains("129") == true)
    }

    @Test("the root must be there and be a folder")
    func missingRoot() async throws {
        let missing = DirectorySource(
            name: "bucket", root: scripts.url.appending(path: "nowhere"), layout: .bucket, types: ScriptTypes([:]))
        let notFound = try await #require(throws: CatalogueError.self) { try await missing.list() }
        #expect(notFound.code == "source.not-found")
        #expect(notFound.category == .notFound)
        #expect(notFound.message.contains("nowhere"))
        #expect(notFound.message.contains("'bucket'"))

        try scripts.write("file.txt")
        let file = DirectorySource(
            name: "bucket", root: scripts.url.appending(path: "file.txt"), layout: .bucket, types: ScriptTypes([:]))
        let noFolder = try await #require(throws: CatalogueError.self) { try await file.list() }
        #expect(noFolder.code == "source.not-a-folder")
        #expect(noFolder.category == .badInput)
    }

    @Test("a link within the root is followed, one out of it is refused")
    func links() async throws {
        let outside = try ScriptFolder()
        try outside.write("secret.py", "print('secret')")
        try scripts.write("real/a.py", "print('a')")
        try scripts.link("inside.py", to: "real/a.py")
        try scripts.link("alias", to: "real")
        try scripts.link("outside.py", to: outside.path + "/secret.py")
        try scripts.link("outdoors", to: outside.path)
        try scripts.link("up.py", to: "../../../../../../etc/passwd")
        try scripts.link("dangling.py", to: "nothing.py")
        try scripts.link("self.py", to: "self.py")
        try scripts.link("data.csv", to: "/etc/passwd")
        let source = scripts.bucket()
        let listing = try await source.list()
        #expect(listing.items.map(\.name).sorted() == ["alias/a.py", "inside.py", "real/a.py"])
        for item in listing.items { #expect(try await source.read(item) == Data("print('a')".utf8)) }
        #expect(
            listing.refused.map(\.name).sorted() == ["dangling.py", "outdoors/", "outside.py", "self.py", "up.py"])
    }

    @Test("links that lead round end the walk, and are refused")
    func linkLoops() async throws {
        try scripts.write("a/one.py")
        try scripts.write("b/two.py")
        try scripts.link("a/back", to: "..")
        try scripts.link("a/here", to: ".")
        try scripts.link("a/b", to: "../b")
        try scripts.link("b/a", to: "../a")
        let listing = try await scripts.bucket().list()
        #expect(listing.items.map(\.name).sorted() == ["a/b/two.py", "a/one.py", "b/a/one.py", "b/two.py"])
        #expect(
            listing.refused.map(\.name).sorted() == [
                "a/b/a/", "a/back/", "a/here/", "b/a/b/", "b/a/back/", "b/a/here/",
            ])
    }

    @Test("a link swapped in after the listing reads nothing from outside")
    func swappedLink() async throws {
        try scripts.write("a.py")
        let source = scripts.bucket()
        let item = try #require(try await source.list().items.first)
        try scripts.remove("a.py")
        try scripts.link("a.py", to: "/etc/hostname")
        let error = try await #require(throws: CatalogueError.self) { try await source.read(item) }
        #expect(error.code == "script.unreadable")
        #expect(error.category == .badInput)
    }

    @Test("a pipe is refused and keeps nobody waiting", .timeLimit(.minutes(1)))
    func pipe() async throws {
        #expect(mkfifo(scripts.path + "/pipe.py", 0o600) == 0)
        let source = scripts.bucket()
        let listing = try await source.list()
        #expect(listing.items.isEmpty)
        #expect(listing.refused.map(\.name) == ["pipe.py"])
        let item = SourceItem(name: "pipe.py", kind: .python, size: 0, modified: Date(), fingerprint: nil)
        let error = try await #require(throws: CatalogueError.self) { try await source.read(item) }
        #expect(error.code == "script.unreadable")
    }

    @Test("a name that is not UTF-8 is refused")
    func nameEncoding() async throws {
        let bytes: [UInt8] = Array(scripts.path.utf8) + Array("/caf".utf8) + [0xE9] + Array(".py".utf8) + [0]
        let file = bytes.withUnsafeBytes {
            open($0.assumingMemoryBound(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o600)
        }
        #expect(file >= 0)
        close(file)
        let listing = try await scripts.bucket().list()
        #expect(listing.items.isEmpty)
        #expect(listing.refused.first?.reason.contains("UTF-8") == true)
    }

    @Test("a file has a mark only once its times can be trusted")
    func freshFiles() async throws {
        try scripts.write("a.py")
        let modified = try #require(try await scripts.bucket().list().items.first?.modified)
        for (age, isCertain) in [(0.0, false), (1.9, false), (2.1, true), (-5, false), (86_400, true)] {
            scripts.clock.set(to: modified + age)
            let item = try #require(try await scripts.bucket().list().items.first)
            #expect((item.fingerprint != nil) == isCertain, "\(age) s after the change")
        }
    }

    @Test("the mark changes with bytes, though size and modification time stay")
    func forgedTimes() async throws {
        try scripts.write("a.py", "print(1)")
        let before = try #require(try await scripts.bucket().list().items.first)
        // Beside the other and then in its place, so that its inode is another, however coarse the clock.
        try scripts.write("a.tmp", "print(2)")
        let place = scripts.path + "/a.tmp"
        try FileManager.default.setAttributes([.modificationDate: before.modified], ofItemAtPath: place)
        #expect(rename(place, scripts.path + "/a.py") == 0)
        let after = try #require(try await scripts.bucket().list().items.first)
        #expect(after.size == before.size)
        #expect(before.fingerprint != nil)
        #expect(after.fingerprint != before.fingerprint)
    }

    @Test("a folder that this user may not read is refused, the rest is listed")
    func closedFolder() async throws {
        try scripts.write("open/a.py")
        try scripts.write("closed/b.py")
        try scripts.write("unreadable.py")
        chmod(scripts.path, 0o755)
        chmod(scripts.path + "/closed", 0)
        chmod(scripts.path + "/unreadable.py", 0)
        defer { chmod(scripts.path + "/closed", 0o700) }
        let source = scripts.bucket()
        let listing = try await OrdinaryUser.run { try source.listFolder() }
        #expect(listing.items.map(\.name).sorted() == ["open/a.py", "unreadable.py"])
        #expect(listing.refused.map(\.name) == ["closed/"])
        let item = try #require(listing.items.first { $0.name == "unreadable.py" })
        let error = try await #require(throws: CatalogueError.self) {
            try await OrdinaryUser.run { try source.readFile(item) }
        }
        #expect(error.code == "script.unreadable")
        #expect(error.category == .badInput)
    }
}
