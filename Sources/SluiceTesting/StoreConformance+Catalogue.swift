import Foundation
import SluiceCore

extension StoreConformance {
    static let catalogueCases: [Case] = [
        Case("a listed script is found with its bytes, by both handles") { bench in
            let entry = bench.entry("etl/load.py", "print(1)\n", kind: .python, fingerprint: "9 a b")
            try bench.list([entry])
            try require(try bench.second.scripts(), is: [entry.script], "the scripts")
            try require(try bench.second.script(named: "etl/load.py"), is: entry.script, "the script by its name")
            try require(try bench.second.script(named: "load.py") == nil, "there is no other script")
            try require(try bench.second.entries(of: "bucket"), is: [entry], "the source's entries")
            try require(try bench.second.entries(of: "workbench"), is: [], "another source's entries")
            try require(
                try bench.second.content(of: entry.script.version.hash), is: Data("print(1)\n".utf8), "its bytes")
            try await refused("an unknown content", code: "catalogue.content-missing", category: .notFound) {
                _ = try bench.second.content(of: ContentHash(of: Data("else".utf8)))
            }
        },
        Case("scripts are changed and taken off the list; their bytes stay") { bench in
            let (old, new) = (bench.entry("a.sql", "select 1"), bench.entry("a.sql", "select 2", fingerprint: nil))
            try bench.list([old, bench.entry("b.sql", "select 3")])
            try bench.list([new], removing: ["b.sql", "never.sql"], on: bench.second)
            try require(try bench.first.entries(of: "bucket"), is: [new], "the entries")
            try require(try bench.first.content(of: old.script.version.hash), is: Data("select 1".utf8), "old bytes")
        },
        Case("a name belongs to one source") { bench in
            let theirs = bench.entry("a.sql", "select 1", source: "workbench")
            try bench.list([theirs], source: "workbench")
            let (ours, free) = (bench.entry("a.sql", "select 2"), bench.entry("b.sql", "select 3"))
            let refused = try bench.list([ours, free], removing: ["a.sql"], on: bench.second)
            try require(refused, is: ["a.sql": "workbench"], "the refused names with their owners")
            try require(try bench.first.scripts(), is: [theirs.script, free.script], "the scripts")
            try bench.list([], removing: ["a.sql"], source: "workbench")
            try require(try bench.list([ours]), is: [:], "the refused names once the owner gave it up")
            try require(try bench.second.script(named: "a.sql"), is: ours.script, "the script")
        },
        Case("a change of the list is all or nothing") { bench in
            let kept = bench.entry("kept.sql", "select 1")
            try bench.list([kept])
            let pinned = try bench.second.pinSnapshot()
            let (good, bad) = (bench.entry("good.sql", "select 2"), bench.entry("bad.sql", "select 3"))
            try await refused("an entry without bytes", code: "catalogue.content-missing") {
                _ = try bench.first.apply(
                    CatalogueUpdate(
                        source: "bucket", put: [good, bad],
                        contents: [good.script.version.hash: Data("select 2".utf8)], removed: ["kept.sql"]))
            }
            try require(try bench.second.scripts(), is: [kept.script], "the scripts")
            try require(try bench.first.pinSnapshot(), is: pinned, "the snapshot")
        },
        Case("bytes may be written ahead of the list") { bench in
            let entry = bench.entry("a.sql", "select 1")
            _ = try bench.first.apply(
                CatalogueUpdate(source: "bucket", contents: [entry.script.version.hash: Data("select 1".utf8)]))
            try require(try bench.second.scripts(), is: [], "the scripts")
            _ = try bench.second.apply(CatalogueUpdate(source: "bucket", put: [entry]))
            try require(try bench.first.scripts(), is: [entry.script], "the scripts")
        },
        Case("a pinned snapshot stays as it was") { bench in
            let empty = try bench.first.pinSnapshot()
            try require(empty.scripts, is: [], "the first snapshot")
            let one = bench.entry("b.sql", "select 1")
            try bench.list([one, bench.entry("a.py", "1", kind: .python)])
            let pinned = try bench.first.pinSnapshot()
            try require(pinned.scripts.map(\.name), is: ["a.py", "b.sql"], "the names pinned")
            try require(pinned["b.sql"], is: one.script.version, "a version pinned")
            try require(try bench.second.pinSnapshot(), is: pinned, "the same list pinned again, by the other handle")

            try bench.list([bench.entry("b.sql", "select 2")], removing: ["a.py"], on: bench.second)
            let later = try bench.first.pinSnapshot()
            try require(later.id != pinned.id, "another list is another snapshot")
            try require(try bench.second.snapshot(pinned.id), is: pinned, "the earlier snapshot")
            try require(try bench.first.snapshot(empty.id), is: empty, "the first snapshot")
            try require(try bench.second.snapshot(later.id), is: later, "the later snapshot")

            try bench.list([one, bench.entry("a.py", "1", kind: .python)])
            try require(try bench.second.pinSnapshot().id, is: pinned.id, "equal lists share one snapshot")
            try await refused("an unknown snapshot", code: "catalogue.snapshot-missing", category: .notFound) {
                _ = try bench.first.snapshot(ContentHash(of: Data("else".utf8)))
            }
        },
        Case("a new mark on the same bytes leaves the snapshot") { bench in
            let entry = bench.entry("a.sql", "select 1", fingerprint: nil)
            try bench.list([entry])
            let pinned = try bench.first.pinSnapshot()
            var marked = entry
            marked.fingerprint = "8 x y"
            marked.script.modified += 5
            try bench.list([marked], on: bench.second)
            try require(try bench.first.entries(of: "bucket"), is: [marked], "the entry")
            try require(try bench.first.pinSnapshot(), is: pinned, "the snapshot")
        },
        Case("names keep every letter, and are listed in order") { bench in
            let names = ["B.sql", "a.sql", "etl/ň/x.py", "日本.sql", "a b.sql", "emoji 🧪.py"]
            try bench.list(names.map { bench.entry($0, $0) })
            try require(Set(try bench.second.scripts().map(\.name)), is: Set(names), "the names")
            let listed = try bench.second.scripts().map(\.name)
            try require(listed, is: listed.sorted(), "their order")
        },
        Case("the places of sources are remembered") { bench in
            try require(try bench.first.sourceLocations(), is: [:], "the places of a new store")
            try bench.first.rememberSource("bucket", location: "/data/bucket")
            try bench.second.rememberSource("workbench", location: "/data/sql")
            try bench.second.rememberSource("bucket", location: "/data/other bucket")
            try require(
                try bench.first.sourceLocations(), is: ["bucket": "/data/other bucket", "workbench": "/data/sql"],
                "the places")
        },
    ]
}

extension StoreBench {
    func entry(
        _ name: String, _ text: String, kind: ScriptKind = .sql, source: String = "bucket",
        fingerprint: String? = "1 2 3"
    ) -> CatalogueEntry {
        let bytes = Data(text.utf8)
        let version = ScriptVersion(name: name, kind: kind, hash: ContentHash(of: bytes), size: bytes.count)
        let script = Script(version: version, source: source, modified: clock.now - 3_600.25)
        contents.withLock { $0[version.hash] = bytes }
        return CatalogueEntry(script: script, fingerprint: fingerprint)
    }

    /// Lists entries that ``entry(_:_:kind:source:fingerprint:)`` made.
    @discardableResult
    func list(
        _ entries: [CatalogueEntry], removing removed: [String] = [], source: String = "bucket",
        on store: (any CatalogueIndex)? = nil
    ) throws -> [String: String] {
        let known = contents.withLock { $0 }
        let hashes = entries.map(\.script.version.hash)
        return try (store ?? first).apply(
            CatalogueUpdate(
                source: source, put: entries, contents: known.filter { hashes.contains($0.key) }, removed: removed))
    }
}
