import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting
import Synchronization
import Testing

@testable import SluiceCatalogue

@Suite("A sync")
struct CatalogueSyncerTests {
    private let scripts: ScriptFolder
    private let store = MemoryStore()

    init() throws { scripts = try ScriptFolder() }

    private func sync() async throws -> SyncReport { try await CatalogueSyncer(index: store).sync(scripts.bucket()) }

    private func text(_ name: String) throws -> String? {
        guard let script = store.script(named: name) else { return nil }
        return String(decoding: try store.content(of: script.version.hash), as: UTF8.self)
    }

    @Test("says what was added, changed, removed and left as it was")
    func report() async throws {
        for name in ["a.py", "b.py", "c.py"] { try scripts.write(name, "print('\(name)')") }
        #expect(try await sync() == SyncReport(source: "bucket", added: ["a.py", "b.py", "c.py"]))
        try scripts.write("b.py", "print('other')")
        try scripts.remove("c.py")
        try scripts.write("etl/d.py", "print('d')")
        let second = try await sync()
        #expect(
            second
                == SyncReport(
                    source: "bucket", added: ["etl/d.py"], changed: ["b.py"], removed: ["c.py"], unchanged: ["a.py"]))
        #expect(second.hasChanges)
        #expect(try text("b.py") == "print('other')")
        #expect(store.script(named: "c.py") == nil)
        let third = try await sync()
        #expect(third == SyncReport(source: "bucket", unchanged: ["a.py", "b.py", "etl/d.py"]))
        #expect(!third.hasChanges)
        #expect(third.unchangedCount == 3)
    }

    @Test("reads a fresh file again, and finds the change that its times do not show")
    func racyChange() async throws {
        try scripts.write("a.py", "print(1)")
        let modified = try #require(try await scripts.bucket().list().items.first?.modified)
        scripts.clock.set(to: modified + 0.1)
        _ = try await sync()
        #expect(store.entries(of: "bucket").first?.fingerprint == nil)
        try scripts.write("a.py", "print(2)")
        try FileManager.default.setAttributes(
            [.modificationDate: modified], ofItemAtPath: scripts.path + "/a.py")
        #expect(try await sync().changed == ["a.py"])
        #expect(try text("a.py") == "print(2)")
        scripts.clock.set(to: modified + 3_600)
        #expect(try await sync().unchanged == ["a.py"])
        #expect(store.entries(of: "bucket").first?.fingerprint != nil)
    }

    @Test("reads nothing that has not changed")
    func readsOnlyChanges() async throws {
        for number in 0..<20 { try scripts.write("s\(number).py", "print(\(number))") }
        let source = CountingSource(scripts.bucket())
        let syncer = CatalogueSyncer(index: store)
        _ = try await syncer.sync(source)
        try scripts.write("s7.py", "print('seven')")
        _ = try await syncer.sync(source)
        #expect(source.reads.withLock { $0 } == 21)
    }

    @Test("refuses bytes that are no text, and takes them off the list")
    func content() async throws {
        try scripts.write("bom.py", Data([0xEF, 0xBB, 0xBF]) + Data("print(1)".utf8))
        try scripts.write("empty.py", Data())
        try scripts.write("nul.py", Data("print(1)\u{0}".utf8))
        try scripts.write("latin.py", Data([0x23, 0xE9, 0x0A]))
        try scripts.write("utf16.py", Data([0xFF, 0xFE, 0x70, 0x00]))
        try scripts.write("turned.py", "print(1)")
        #expect(try await sync().added == ["bom.py", "empty.py", "turned.py"])
        try scripts.write("turned.py", Data([0x80]))
        let report = try await sync()
        #expect(report.refused.map(\.name) == ["latin.py", "nul.py", "turned.py", "utf16.py"])
        #expect(report.removed == ["turned.py"])
        #expect(report.unchanged == ["bom.py", "empty.py"])
        #expect(report.refused[0].reason.contains("UTF-8"))
        #expect(report.refused[1].reason.contains("NUL"))
        #expect(store.scripts().map(\.name) == ["bom.py", "empty.py"])
        #expect(try text("bom.py")?.unicodeScalars.first == "\u{FEFF}")
    }

    @Test("refuses a script above the size limit without reading it")
    func sizeLimit() async throws {
        try scripts.write("exact.py", Data(repeating: 0x61, count: 100))
        try scripts.write("large.py", Data(repeating: 0x61, count: 101))
        let source = CountingSource(scripts.bucket())
        let report = try await CatalogueSyncer(index: store, sizeLimit: 100).sync(source)
        #expect(report.added == ["exact.py"])
        #expect(report.refused.map(\.name) == ["large.py"])
        #expect(report.refused[0].reason.contains("101"))
        #expect(source.reads.withLock { $0 } == 1)
    }

    @Test("has a limit of 4 MiB unless told otherwise")
    func defaultLimit() async throws {
        try scripts.write("exact.py", Data(repeating: 0x61, count: 4 << 20))
        try scripts.write("large.py", Data(repeating: 0x61, count: 4 << 20 + 1))
        let report = try await sync()
        #expect(report.added == ["exact.py"])
        #expect(report.refused.map(\.name) == ["large.py"])
    }

    @Test("leaves names of another source with it, and says whose they are")
    func conflicts() async throws {
        let other = try ScriptFolder()
        try scripts.write("q.sql", "select 1")
        try other.write("q.sql", "select 2")
        try other.write("r.sql", "select 3")
        _ = try await sync()
        let syncer = CatalogueSyncer(index: store)
        let report = try await syncer.sync(other.workbench())
        #expect(report.added == ["r.sql"])
        #expect(report.refused.map(\.name) == ["q.sql"])
        #expect(report.refused[0].reason.contains("'bucket'"))
        #expect(try text("q.sql") == "select 1")
        try scripts.remove("q.sql")
        #expect(try await sync().removed == ["q.sql"])
        #expect(try await syncer.sync(other.workbench()).added == ["q.sql"])
        #expect(try text("q.sql") == "select 2")
    }

    @Test("changes nothing when the source fails midway")
    func atomic() async throws {
        for name in ["a.py", "b.py", "c.py"] { try scripts.write(name) }
        _ = try await sync()
        let before = try store.pinSnapshot()
        for name in ["a.py", "b.py", "d.py"] { try scripts.write(name, "print(2)") }
        try scripts.remove("c.py")
        let failing = CountingSource(scripts.bucket(), failingAt: 2)
        await #expect(throws: CountingSource.Broken.self) { try await CatalogueSyncer(index: store).sync(failing) }
        #expect(try store.pinSnapshot() == before)
        #expect(try await sync().changed == ["a.py", "b.py"])
    }

    @Test("changes nothing when the root is gone")
    func vanishedRoot() async throws {
        try scripts.write("a.py")
        _ = try await sync()
        try FileManager.default.removeItem(at: scripts.url)
        let error = try await #require(throws: CatalogueError.self) { try await sync() }
        #expect(error.code == "source.not-found")
        #expect(store.scripts().map(\.name) == ["a.py"])
    }

    @Test("passes over what vanishes between listing and reading")
    func vanishing() async throws {
        try scripts.write("a.py")
        try scripts.write("b.py")
        let scripts = scripts
        let source = CountingSource(scripts.bucket()) { name in
            if name == "b.py" { try scripts.remove("b.py") }
        }
        let report = try await CatalogueSyncer(index: store).sync(source)
        #expect(report == SyncReport(source: "bucket", added: ["a.py"]))
    }

    @Test("refuses what cannot be read and lists the rest")
    func unreadable() async throws {
        try scripts.write("a.py")
        try scripts.write("b.py")
        let source = CountingSource(scripts.bucket()) { name in
            if name == "b.py" { throw CatalogueError.scriptUnreadable(name, "Permission denied") }
        }
        let report = try await CatalogueSyncer(index: store).sync(source)
        #expect(report.added == ["a.py"])
        #expect(report.refused.map(\.name) == ["b.py"])
        #expect(report.refused[0].reason.contains("Permission denied"))
    }

    @Test("refuses the second of two names that look the same")
    func unicodeForms() async throws {
        try scripts.write("caf\u{E9}.py", "print('composed')")
        try scripts.write("cafe\u{301}.py", "print('decomposed')")
        let report = try await sync()
        #expect(report.added.count == 1)
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.reason.contains("Unicode") == true)
        #expect(try await sync().unchanged.count == 1)
    }

    @Test("follows a name into another Unicode form", arguments: [true, false])
    func respelling(_ isDurable: Bool) async throws {
        let folder = try ScriptFolder()
        let index: any CatalogueIndex =
            isDurable ? try SQLiteStore(folder: DataFolder(at: folder.url)) : MemoryStore()
        let syncer = CatalogueSyncer(index: index)
        try scripts.write("caf\u{E9}.py")
        _ = try await syncer.sync(scripts.bucket())
        try FileManager.default.moveItem(
            at: scripts.url.appending(path: "caf\u{E9}.py"), to: scripts.url.appending(path: "cafe\u{301}.py"))
        _ = try await syncer.sync(scripts.bucket())
        let names = try index.scripts().map { Array($0.name.utf8) }
        #expect(names == [Array("cafe\u{301}.py".utf8)])
    }

    @Test("does not sync over saved scripts")
    func reservedName() async throws {
        let error = try await #require(throws: CatalogueError.self) {
            try await CatalogueSyncer(index: store).sync(scripts.bucket(named: "workbench"))
        }
        #expect(error.code == "source.reserved-name")
    }

    @Test("lists 5,000 scripts in a durable store, then finds them unchanged, changed and gone")
    func manyScripts() async throws {
        let folder = try ScriptFolder()
        let durable = try SQLiteStore(folder: DataFolder(at: folder.url))
        let syncer = CatalogueSyncer(index: durable)
        for number in 0..<5_000 { try scripts.write("d\(number % 50)/s\(number).py", "print(\(number))") }
        #expect(try await syncer.sync(scripts.bucket()).added.count == 5_000)
        let pinned = try durable.pinSnapshot()
        #expect(pinned.scripts.count == 5_000)
        let again = try await syncer.sync(scripts.bucket())
        #expect(again.unchangedCount == 5_000)
        #expect(!again.hasChanges)
        try scripts.write("d7/s7.py", "print('seven')")
        try FileManager.default.removeItem(at: scripts.url.appending(path: "d8"))
        let changed = try await syncer.sync(scripts.bucket())
        #expect(changed.changed == ["d7/s7.py"])
        #expect(changed.removed.count == 100)
        #expect(try durable.pinSnapshot().scripts.count == 4_900)
        #expect(try durable.snapshot(pinned.id) == pinned)
    }

    @Test("writes a large first sync ahead in batches, and lists it at once")
    func batches() async throws {
        let size = 1_000
        for number in 0..<20 {
            try scripts.write("s\(number).py", Data(repeating: 0x61 + UInt8(number), count: size))
        }
        let index = RecordingIndex(store)
        let syncer = CatalogueSyncer(index: index, sizeLimit: size, batchSize: 15 * size)
        _ = try await syncer.sync(scripts.bucket())
        let updates = index.updates.withLock { $0 }
        #expect(updates.count == 2)
        #expect(updates.map(\.put.count) == [0, 20])
        let bytes: Int = updates.reduce(0) { sum, update in update.contents.values.reduce(sum) { $0 + $1.count } }
        #expect(bytes == 20 * size)
        #expect(store.scripts().count == 20)
    }
}
