import SluiceCore

/// The pools, by name.
package struct ListPools: EngineOperation {
    package static let name = "pools.list"
    package init() {}

    package func perform(in host: EngineHost) throws -> [Pool] { try host.store.pools() }
}

/// How much every pool is in use, by name.
package struct FindPoolUse: EngineOperation {
    package static let name = "pools.use"
    package init() {}

    package func perform(in host: EngineHost) throws -> [PoolUse] { try host.store.poolUse() }
}

/// Makes a new pool.
package struct CreatePool: EngineOperation {
    package static let name = "pools.create"
    package var pool: Pool

    package init(_ pool: Pool) { self.pool = pool }

    /// - Throws: ``RequestError`` `pool.exists`, `pool.name`.
    package func perform(in host: EngineHost) throws -> Pool {
        guard !pool.name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw RequestError("pool.name", .badInput, "The name of a pool has no control characters.")
        }
        guard try !host.store.pools().contains(where: { $0.name == pool.name }) else {
            throw RequestError(
                "pool.exists", .conflict,
                "There is a pool '\(pool.name)' already. Change it with 'sluice pool set'.")
        }
        try host.store.save(pool)
        return try ChangePool.find(pool.name, in: host)
    }
}

/// Changes a pool; what runs in it goes on, what waits keeps its place.
package struct ChangePool: EngineOperation {
    /// What changes; nil for what stays.
    package struct Changes: Codable, Sendable, Hashable {
        package var slots: Int?
        package var isSuspended: Bool?
        /// Makes it the default, and takes that from the pool that was.
        package var isDefault: Bool?
        package var limits: TaskLimits?
        package var resources: AttemptLimits?

        package init() {}
    }

    package static let name = "pools.change"
    package var pool: String
    package var changes: Changes

    package init(_ pool: String, _ changes: Changes) {
        self.pool = pool
        self.changes = changes
    }

    /// - Throws: ``RequestError`` `pool.unknown`.
    package func perform(in host: EngineHost) throws -> Pool {
        var changed = try Self.find(pool, in: host)
        changed.slots = changes.slots ?? changed.slots
        changed.isSuspended = changes.isSuspended ?? changed.isSuspended
        changed.isDefault = changes.isDefault ?? changed.isDefault
        changed.limits = changes.limits ?? changed.limits
        changed.resources = changes.resources ?? changed.resources
        try host.store.save(changed)
        return try Self.find(pool, in: host)
    }

    static func find(_ name: String, in host: EngineHost) throws -> Pool {
        let pools = try host.store.pools()
        guard let pool = pools.first(where: { $0.name == name }) else {
            throw RequestError(
                "pool.unknown", .notFound,
                "There is no pool '\(name)'. There is: \(pools.map(\.name).sorted().joined(separator: ", ")).")
        }
        return pool
    }
}

/// Deletes a pool in which nothing runs or waits.
package struct DeletePool: EngineOperation {
    package static let name = "pools.delete"
    package var pool: String

    package init(_ pool: String) { self.pool = pool }

    package func perform(in host: EngineHost) throws -> Done {
        try host.store.deletePool(pool)
        return Done()
    }
}
