import Foundation

/// One immutable state of a script: its name in the catalogue and the hash of its bytes.
public struct ScriptVersion: Sendable, Hashable, Codable {
    /// The name that a task refers to: `clean_flights.sql`, `etl/load_flights.py`.
    public var name: String
    public var kind: ScriptKind
    /// The hash of the script's bytes.
    public var hash: ContentHash
    /// Length in bytes.
    public var size: Int

    public init(name: String, kind: ScriptKind, hash: ContentHash, size: Int) {
        self.name = name
        self.kind = kind
        self.hash = hash
        self.size = size
    }
}

/// A script as the catalogue lists it now: its current version and where that came from.
public struct Script: Sendable, Hashable, Codable {
    public var version: ScriptVersion
    /// The source that owns the name, such as `workbench` or `bucket`.
    public var source: String
    /// When the source last changed it.
    public var modified: Date

    public var name: String { version.name }
    public var kind: ScriptKind { version.kind }

    public init(version: ScriptVersion, source: String, modified: Date) {
        self.version = version
        self.source = source
        self.modified = modified
    }
}
