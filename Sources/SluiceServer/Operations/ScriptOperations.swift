import Foundation
import SluiceCatalogue
import SluiceCore

/// The scripts of the catalogue, by name.
package struct ListScripts: EngineOperation {
    package static let name = "scripts.list"
    package init() {}

    package func perform(in host: EngineHost) throws -> [Script] { try host.store.scripts() }
}

/// The script of a name, also when only `.sql` is missing behind it.
package struct FindScript: EngineOperation {
    package static let name = "scripts.find"
    /// As a person writes it.
    package var script: String

    package init(_ script: String) { self.script = script }

    /// - Throws: ``RequestError`` `script.unknown`, with names that are similar.
    package func perform(in host: EngineHost) throws -> Script {
        if let found = try host.store.script(named: script) ?? host.store.script(named: script + ".sql") {
            return found
        }
        let similar = NameSuggestion.nearest(to: script, among: try host.store.scripts().map(\.name))
        let hint = similar.isEmpty ? "See 'sluice scripts'." : "Did you mean \(similar.joined(separator: " or "))?"
        throw RequestError("script.unknown", .notFound, "There is no script '\(script)' in the catalogue. \(hint)")
    }
}

/// The bytes of a script's version.
package struct ReadScript: EngineOperation {
    package static let name = "scripts.read"
    package var hash: ContentHash

    package init(_ hash: ContentHash) { self.hash = hash }

    package func perform(in host: EngineHost) throws -> Data { try host.store.content(of: hash) }
}

/// Saves a SQL script to the built-in Workbench.
package struct SaveScript: EngineOperation {
    package static let name = "scripts.save"
    /// With or without `.sql` behind.
    package var script: String
    package var content: Data

    package init(_ script: String, content: Data) {
        self.script = script
        self.content = content
    }

    package func perform(in host: EngineHost) throws -> Script {
        try LocalWorkbench(index: host.store).save(name: script, content: content)
    }
}
