import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Pragmas are for scripts as the corpus says")
struct SQLitePragmaTests {
    @Test(arguments: try Corpora.load("pragmas", as: Corpora.Pragma.self))
    func isAllowedOrRefused(_ entry: Corpora.Pragma) async throws {
        let house = try SQLiteHouse()
        try await house.must("CREATE TABLE t(a); CREATE INDEX i ON t(a)")
        let failure = try await house.run(entry.sql).failure
        switch entry.refused {
        case nil:
            #expect(failure == nil)
        case .readOnly:
            #expect(failure?.code == "sql.refused")
            #expect(failure?.message.contains("can be asked but not set") ?? false)
        case .notForScripts:
            #expect(failure?.code == "sql.refused")
            #expect(failure?.message.hasSuffix("is not for scripts.") ?? false)
        }
    }

    @Test func theCorpusKnowsEveryPragmaOfThisSQLite() async throws {
        let handle = try SQLiteHandle(
            try SQLiteHouse().settings, at: ":memory:", cancellation: SQLCancellation())
        defer { handle.close() }
        let names = try handle.text("SELECT group_concat(name, ' ') FROM pragma_pragma_list") ?? ""
        let corpus = try Corpora.load("pragmas", as: Corpora.Pragma.self).map { $0.sql.lowercased() }
        for name in names.split(separator: " ") {
            #expect(corpus.contains { $0.contains(name) }, "\(name)")
        }
    }
}
