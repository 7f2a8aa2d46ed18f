import Foundation
import SluiceCore
import Synchronization

/// A source that counts what is read of it, and can break.
final class CountingSource: ScriptSource {
    struct Broken: Error {}

    let reads = Mutex(0)
    private let source: any ScriptSource
    private let failingAt: Int?
    private let beforeReading: @Sendable (_ name: String) throws -> Void

    init(
        _ source: any ScriptSource, failingAt: Int? = nil,
        beforeReading: @escaping @Sendable (_ name: String) throws -> Void = { _ in }
    ) {
        self.source = source
        self.failingAt = failingAt
        self.beforeReading = beforeReading
    }

    var name: String { source.name }

    func list() async throws -> SourceListing { try await source.list() }

    func read(_ item: SourceItem) async throws -> Data? {
        let count = reads.withLock { reads in
            reads += 1
            return reads
        }
        if count == failingAt { throw Broken() }
        try beforeReading(item.name)
        return try await source.read(item)
    }
}

/// An index that notes every change asked of it.
final class RecordingIndex: CatalogueIndex {
    let updates = Mutex<[CatalogueUpdate]>([])
    private let index: any CatalogueIndex

    init(_ index: any CatalogueIndex) { self.index = index }

    func apply(_ update: CatalogueUpdate) throws -> [String: String] {
        updates.withLock { $0.append(update) }
        return try index.apply(update)
    }

    func scripts() throws -> [Script] { try index.scripts() }
    func script(named name: String) throws -> Script? { try index.script(named: name) }
    func entries(of source: String) throws -> [CatalogueEntry] { try index.entries(of: source) }
    func content(of hash: ContentHash) throws -> Data { try index.content(of: hash) }
    func pinSnapshot() throws -> CatalogueSnapshot { try index.pinSnapshot() }
    func snapshot(_ id: ContentHash) throws -> CatalogueSnapshot { try index.snapshot(id) }
    func sourceLocations() throws -> [String: String] { try index.sourceLocations() }
    func rememberSource(_ name: String, location: String) throws {
        try index.rememberSource(name, location: location)
    }
}
