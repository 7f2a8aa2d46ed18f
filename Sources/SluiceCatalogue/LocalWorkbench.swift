import Foundation
import SluiceCore

/// The writable store of saved SQL scripts: what the Workbench's *Upload* writes.
///
/// The specification: "For SQL scripts, after having created and saved a script, it will automatically appear on the
/// Scripts list"; so a save is listed at once, without a sync.
public struct LocalWorkbench: Sendable {
    /// The source that saved scripts carry in the catalogue.
    public static let sourceName = "workbench"

    private let index: any CatalogueIndex
    private let clock: any WallClock
    private let sizeLimit: Int

    /// - Parameter sizeLimit: largest script that is accepted, in bytes.
    public init(
        index: any CatalogueIndex, clock: any WallClock = SystemClock(),
        sizeLimit: Int = ScriptContentRules.defaultSizeLimit
    ) {
        self.index = index
        self.clock = clock
        self.sizeLimit = sizeLimit
    }

    /// Saves a script; the same name again gives it a new version.
    ///
    /// - Parameters:
    ///   - name: with or without `.sql` behind; lower-case letters, digits and `_` (`blue.md`, *Limits*).
    ///   - content: its bytes, UTF-8.
    /// - Throws: ``CatalogueError`` `script.name`, `script.not-text`, `script.too-large`, and `script.owned-elsewhere`
    ///   when a synced source lists that name.
    @discardableResult
    public func save(name: String, content: Data) throws -> Script {
        let listed = try Self.listedName(name)
        if let problem = ScriptContentRules.problem(content, limit: sizeLimit) {
            throw CatalogueError.scriptContent(listed, problem)
        }
        let hash = ContentHash(of: content)
        let script = Script(
            version: ScriptVersion(name: listed, kind: .sql, hash: hash, size: content.count),
            source: Self.sourceName, modified: clock.now)
        let refused = try index.apply(
            CatalogueUpdate(
                source: Self.sourceName, put: [CatalogueEntry(script: script, fingerprint: nil)],
                contents: [hash: content]))
        if let owner = refused[listed] { throw CatalogueError.ownedElsewhere(listed, owner) }
        return script
    }

    /// Takes a saved script off the list. Runs that pinned it keep it.
    ///
    /// - Throws: ``CatalogueError`` `script.unknown`, `script.owned-elsewhere`.
    public func delete(name: String) throws {
        let listed = try Self.listedName(name)
        guard let script = try index.script(named: listed) else { throw CatalogueError.unknownScript(listed) }
        guard script.source == Self.sourceName else { throw CatalogueError.ownedElsewhere(listed, script.source) }
        _ = try index.apply(CatalogueUpdate(source: Self.sourceName, removed: [listed]))
    }

    /// The name in the list for a name as a person types it.
    static func listedName(_ name: String) throws(CatalogueError) -> String {
        let stem = name.hasSuffix(".sql") ? String(name.dropLast(4)) : name
        if let problem = ScriptNameRules.workbenchProblem(stem) { throw .scriptName(name, problem) }
        return stem + ".sql"
    }
}
