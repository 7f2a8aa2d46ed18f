import Foundation

/// A place where people keep scripts: a folder, a bucket, a Workbench.
///
/// `SourceConformance` in `SluiceTesting` is the suite that an implementation must pass.
public protocol ScriptSource: Sendable {
    /// The name that its scripts carry in the catalogue, such as `bucket`.
    var name: String { get }

    /// Everything that lies there now.
    func list() async throws -> SourceListing

    /// The bytes of one item.
    ///
    /// - Returns: nil when it is gone since it was listed.
    func read(_ item: SourceItem) async throws -> Data?
}

/// What lies in a source.
public struct SourceListing: Sendable, Hashable {
    public var items: [SourceItem]
    /// What cannot be a script, and why.
    public var refused: [RefusedScript]

    public init(items: [SourceItem] = [], refused: [RefusedScript] = []) {
        self.items = items
        self.refused = refused
    }
}

/// One script in a source.
public struct SourceItem: Sendable, Hashable {
    /// The name it gets in the catalogue.
    public var name: String
    public var kind: ScriptKind
    /// In bytes.
    public var size: Int
    public var modified: Date
    /// See ``CatalogueEntry/fingerprint``.
    public var fingerprint: String?

    public init(name: String, kind: ScriptKind, size: Int, modified: Date, fingerprint: String?) {
        self.name = name
        self.kind = kind
        self.size = size
        self.modified = modified
        self.fingerprint = fingerprint
    }
}

/// Something in a source that cannot be a script.
public struct RefusedScript: Sendable, Hashable, Codable {
    public var name: String
    /// Why, and what to do.
    public var reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
