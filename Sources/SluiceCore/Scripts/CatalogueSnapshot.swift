/// Every script of the catalogue at one moment, by content hash. A run pins one and never looks at the present again.
public struct CatalogueSnapshot: Sendable, Hashable, Codable {
    /// Ascending by name, so that equal catalogues have equal snapshots.
    public let scripts: [ScriptVersion]
    /// The hash over names, kinds and contents: equal catalogues share one identity.
    public let id: ContentHash

    public init(_ scripts: [ScriptVersion]) {
        self.scripts = scripts.sorted { $0.name < $1.name }
        var manifest: [UInt8] = []
        for script in self.scripts {
            // A name cannot hold a control character, so the separators are unambiguous.
            manifest += script.name.utf8
            manifest.append(0)
            manifest += script.kind.rawValue.utf8
            manifest.append(0)
            manifest += script.hash.hex.utf8
            manifest.append(0x0A)
        }
        id = ContentHash(of: manifest)
    }

    /// The version of the script that is called `name`, or nil.
    public subscript(name: String) -> ScriptVersion? {
        var low = 0
        var high = scripts.count
        while low < high {
            let middle = (low + high) / 2
            if scripts[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < scripts.count && scripts[low].name == name ? scripts[low] : nil
    }
}
