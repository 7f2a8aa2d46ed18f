import Foundation
import SluiceCatalogue
import SluiceCore
import SluiceStore
import SluiceTesting
import Testing

@Suite("Saved scripts")
struct LocalWorkbenchTests {
    private let store = MemoryStore()
    private let clock = ManualClock()

    private var workbench: LocalWorkbench { LocalWorkbench(index: store, clock: clock) }

    private func refusal(_ name: String, _ content: Data = Data("select 1".utf8)) throws -> CatalogueError {
        try #require(throws: CatalogueError.self) { try workbench.save(name: name, content: content) }
    }

    @Test("a saved script is listed at once", arguments: ["clean_flights", "clean_flights.sql"])
    func save(_ name: String) throws {
        let script = try workbench.save(name: name, content: Data("select 1".utf8))
        #expect(script.name == "clean_flights.sql")
        #expect(script.kind == .sql)
        #expect(script.source == "workbench")
        #expect(script.modified == clock.now)
        #expect(store.scripts() == [script])
        #expect(try store.content(of: script.version.hash) == Data("select 1".utf8))
    }

    @Test("the same name again is a new version; the old one stays for those who pinned it")
    func newVersion() throws {
        let first = try workbench.save(name: "q", content: Data("select 1".utf8))
        let pinned = try store.pinSnapshot()
        clock.advance(by: .seconds(60))
        let second = try workbench.save(name: "q", content: Data("select 2".utf8))
        #expect(store.scripts() == [second])
        #expect(second.version.hash != first.version.hash)
        #expect(try store.snapshot(pinned.id)["q.sql"] == first.version)
        #expect(try store.content(of: first.version.hash) == Data("select 1".utf8))
    }

    @Test(
        "a name has lower-case letters, digits and _ alone",
        arguments: ["", ".sql", "Upper", "two words", "a-b", "../x", "a/b", "žluť", "x.sql.sql", "x.py"])
    func names(_ name: String) throws {
        let error = try refusal(name)
        #expect(error.code == "script.name")
        #expect(error.category == .badInput)
        #expect(error.message.contains("'\(name)'"))
        #expect(store.scripts().isEmpty)
    }

    @Test("a name has at most 128 characters")
    func longNames() throws {
        try workbench.save(name: String(repeating: "a", count: 128), content: Data())
        #expect(try refusal(String(repeating: "a", count: 129)).code == "script.name")
    }

    @Test("content is UTF-8 text of a bearable size")
    func content() throws {
        #expect(try refusal("q", Data([0x80])).code == "script.not-text")
        #expect(try refusal("q", Data([0x61, 0x00])).code == "script.not-text")
        let large = try refusal("q", Data(repeating: 0x61, count: ScriptContentRules.defaultSizeLimit + 1))
        #expect(large.code == "script.too-large")
        #expect(large.message.contains("q.sql"))
        #expect(store.scripts().isEmpty)
        try workbench.save(name: "q", content: Data([0xEF, 0xBB, 0xBF]) + Data("select 'ž'".utf8))
    }

    @Test("a name that a synced source lists is refused, and told whose it is")
    func ownedElsewhere() async throws {
        let scripts = try ScriptFolder()
        try scripts.write("q.sql", "select 1")
        _ = try await CatalogueSyncer(index: store).sync(scripts.bucket())
        let error = try refusal("q")
        #expect(error.code == "script.owned-elsewhere")
        #expect(error.category == .conflict)
        #expect(error.message.contains("'bucket'"))
        let deletion = try #require(throws: CatalogueError.self) { try workbench.delete(name: "q") }
        #expect(deletion.code == "script.owned-elsewhere")
        #expect(store.scripts().map(\.source) == ["bucket"])
    }

    @Test("a deleted script is off the list")
    func delete() throws {
        try workbench.save(name: "q", content: Data("select 1".utf8))
        try workbench.delete(name: "q.sql")
        #expect(store.scripts().isEmpty)
        let error = try #require(throws: CatalogueError.self) { try workbench.delete(name: "q") }
        #expect(error.code == "script.unknown")
        #expect(error.category == .notFound)
    }

    @Test("a sync leaves saved scripts alone")
    func syncBeside() async throws {
        let scripts = try ScriptFolder()
        try scripts.write("from_folder.sql", "select 1")
        try workbench.save(name: "saved", content: Data("select 2".utf8))
        _ = try await CatalogueSyncer(index: store).sync(scripts.workbench())
        #expect(store.scripts().map(\.name) == ["from_folder.sql", "saved.sql"])
    }
}
