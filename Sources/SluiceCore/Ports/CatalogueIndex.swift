import Foundation

/// The local, durable list of all scripts and the bytes of every version that was ever listed.
public protocol CatalogueIndex: Sendable {
    /// The scripts listed now, by name.
    func scripts() throws -> [Script]

    func script(named name: String) throws -> Script?

    /// What a source has listed so far.
    func entries(of source: String) throws -> [CatalogueEntry]

    /// Changes the list, all or nothing.
    ///
    /// - Returns: names that were refused because another source owns them, with that source's name.
    func apply(_ update: CatalogueUpdate) throws -> [String: String]

    /// The bytes of a version.
    ///
    /// - Throws: a ``SluiceError`` `catalogue.content-missing` of category `notFound`.
    func content(of hash: ContentHash) throws -> Data

    /// Pins the present list; it can be opened by its hash ever after.
    func pinSnapshot() throws -> CatalogueSnapshot

    /// - Throws: a ``SluiceError`` `catalogue.snapshot-missing` of category `notFound`.
    func snapshot(_ id: ContentHash) throws -> CatalogueSnapshot

    /// The folders and buckets that are synced, as remembered from the last time, by source name.
    func sourceLocations() throws -> [String: String]

    /// Remembers where a source lies.
    func rememberSource(_ name: String, location: String) throws
}

/// A script as its source listed it.
public struct CatalogueEntry: Sendable, Hashable {
    public var script: Script
    /// The source's own mark of this state (size, times, an ETag): equal marks mean equal bytes. Nil when the source
    /// could not be sure, which makes the next sync read it again.
    public var fingerprint: String?

    public init(script: Script, fingerprint: String?) {
        self.script = script
        self.fingerprint = fingerprint
    }
}

/// A change of the list.
public struct CatalogueUpdate: Sendable {
    public var source: String
    /// Entries to add or replace.
    public var put: [CatalogueEntry]
    /// The bytes of every version among ``put`` that the index may not have yet.
    public var contents: [ContentHash: Data]
    /// Names to take off the list; their versions stay.
    public var removed: [String]

    public init(
        source: String, put: [CatalogueEntry] = [], contents: [ContentHash: Data] = [:], removed: [String] = []
    ) {
        self.source = source
        self.put = put
        self.contents = contents
        self.removed = removed
    }
}
