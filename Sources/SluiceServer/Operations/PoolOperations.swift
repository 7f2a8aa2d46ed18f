import SluiceCore

/// The pools, by name.
package struct ListPools: EngineOperation {
    package static let name = "pools.list"
    package init() {}

    package func perform(in host: EngineHost) throws -> [Pool] { try host.store.pools() }
}
