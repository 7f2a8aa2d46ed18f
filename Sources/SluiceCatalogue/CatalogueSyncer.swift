import Foundation
import SluiceCore

/// Brings the catalogue's list of a source's scripts up to date, all or nothing.
public struct CatalogueSyncer: Sendable {
    /// Contents above this, in bytes, are written ahead of the list, so that a first sync of a large bucket does not
    /// hold it in memory. Contents that no list names do no harm.
    static let batchSize = 64 << 20

    private let index: any CatalogueIndex
    private let sizeLimit: Int
    private let batchSize: Int

    /// - Parameters:
    ///   - index: where the list lies.
    ///   - sizeLimit: largest script that is accepted, in bytes.
    public init(index: any CatalogueIndex, sizeLimit: Int = ScriptContentRules.defaultSizeLimit) {
        self.init(index: index, sizeLimit: sizeLimit, batchSize: Self.batchSize)
    }

    init(index: any CatalogueIndex, sizeLimit: Int, batchSize: Int) {
        self.index = index
        self.sizeLimit = sizeLimit
        self.batchSize = batchSize
    }

    /// Lists the scripts of `source` as they are now.
    ///
    /// What cannot be accepted is refused and not listed, the rest goes on. A ``SluiceError`` of category `badInput`
    /// from ``ScriptSource/read(_:)`` refuses that script; any other error ends the sync and nothing has changed.
    ///
    /// - Throws: ``CatalogueError`` `source.reserved-name`; whatever the source and the index throw.
    public func sync(_ source: any ScriptSource) async throws -> SyncReport {
        guard source.name != LocalWorkbench.sourceName else { throw CatalogueError.reservedSource(source.name) }
        let listing = try await source.list()
        let known = Dictionary(
            try index.entries(of: source.name).map { ($0.script.name, $0) }, uniquingKeysWith: { first, _ in first })
        var pass = Pass(source: source.name, known: known, refused: listing.refused)

        for item in listing.items where pass.isNew(item) {
            if let entry = known[item.name], let mark = item.fingerprint, mark == entry.fingerprint,
                item.kind == entry.script.kind
            {
                pass.report.unchanged.append(item.name)
                continue
            }
            if let problem = ScriptContentRules.sizeProblem(item.size, limit: sizeLimit) {
                pass.refuse(item.name, problem.reason)
                continue
            }
            do {
                // Gone since it was listed: as if it had not been.
                guard let bytes = try await source.read(item) else {
                    pass.forget(item.name)
                    continue
                }
                if let problem = ScriptContentRules.problem(bytes, limit: sizeLimit) {
                    pass.refuse(item.name, problem.reason)
                } else {
                    pass.put(item, bytes)
                }
            } catch let error as any SluiceError where error.category == .badInput {
                pass.refuse(item.name, error.message)
            }
            if pass.contentSize > batchSize {
                _ = try index.apply(CatalogueUpdate(source: source.name, contents: pass.takeContents()))
            }
        }
        return try finish(&pass)
    }

    /// Writes the list in one transaction.
    private func finish(_ pass: inout Pass) throws -> SyncReport {
        let update = pass.update()
        if !update.put.isEmpty || !update.removed.isEmpty {
            for (name, owner) in try index.apply(update) {
                pass.refuse(name, "the name belongs to the source '\(owner)'; rename one of the two")
            }
        }
        return pass.finished()
    }
}

/// What one sync has found so far.
private struct Pass {
    let source: String
    let known: [String: CatalogueEntry]
    var report: SyncReport
    private var seen: Set<String> = []
    /// Earlier spellings of names that are now written in another Unicode form.
    private var respelled: [String] = []
    private var put: [CatalogueEntry] = []
    private var contents: [ContentHash: Data] = [:]
    private(set) var contentSize = 0

    init(source: String, known: [String: CatalogueEntry], refused: [RefusedScript]) {
        self.source = source
        self.known = known
        report = SyncReport(source: source, refused: refused)
    }

    /// Notes that the source has the item; false when it has another of the same name.
    mutating func isNew(_ item: SourceItem) -> Bool {
        if seen.insert(item.name).inserted { return true }
        // Two spellings of one name in Unicode: a file system tells them apart, a person cannot.
        report.refused.append(
            RefusedScript(
                name: item.name, reason: "another script has the same name in another Unicode form; rename one of them")
        )
        return false
    }

    mutating func put(_ item: SourceItem, _ bytes: Data) {
        let hash = ContentHash(of: bytes)
        let version = ScriptVersion(name: item.name, kind: item.kind, hash: hash, size: bytes.count)
        let script = Script(version: version, source: source, modified: item.modified)
        put.append(CatalogueEntry(script: script, fingerprint: item.fingerprint))
        if let earlier = known[item.name]?.script.version {
            if !earlier.name.utf8.elementsEqual(item.name.utf8) { respelled.append(earlier.name) }
            if earlier == version {
                report.unchanged.append(item.name)
                return
            }
            report.changed.append(item.name)
        } else {
            report.added.append(item.name)
        }
        if contents.updateValue(bytes, forKey: hash) == nil { contentSize += bytes.count }
    }

    mutating func refuse(_ name: String, _ reason: String) {
        forget(name)
        report.refused.append(RefusedScript(name: name, reason: reason))
    }

    /// Takes a name out of everything that was noted of it.
    mutating func forget(_ name: String) {
        seen.remove(name)
        report.added.removeAll { $0 == name }
        report.changed.removeAll { $0 == name }
    }

    mutating func takeContents() -> [ContentHash: Data] {
        defer {
            contents = [:]
            contentSize = 0
        }
        return contents
    }

    mutating func update() -> CatalogueUpdate {
        report.removed = known.keys.filter { !seen.contains($0) }
        return CatalogueUpdate(source: source, put: put, contents: takeContents(), removed: report.removed + respelled)
    }

    func finished() -> SyncReport {
        var report = report
        report.added.sort()
        report.changed.sort()
        report.removed.sort()
        report.unchanged.sort()
        report.refused.sort { $0.name < $1.name }
        return report
    }
}
