import Foundation
import SluiceCore

/// What a save of a job leads to: value in, value out.
enum JobRules {
    /// - Parameters:
    ///   - saved: the saved job of the definition's name, if there is one.
    ///   - freshID: a number that no job had before, asked for when the save makes a new job.
    /// - Throws: ``StoreError`` `job.exists`.
    static func saving(
        _ definition: JobDefinition, as status: JobStatus, owner: String, replacing: Bool, over saved: StoredJob?,
        at now: Date, freshID: () throws -> JobID
    ) throws -> StoredJob {
        if status == .saved, var job = saved {
            guard replacing else { throw StoreError.jobExists(definition.name) }
            job.version.version += 1
            job.definition = definition
            job.updatedAt = now
            return job
        }
        return StoredJob(
            version: JobVersion(job: try freshID(), version: 1), status: status, definition: definition, owner: owner,
            createdAt: now, updatedAt: now)
    }
}

/// What a save of a pool leads to.
enum PoolRules {
    /// The pools after `pool` was saved. There is always exactly one default: it stays so until another is made it.
    static func saving(_ pool: Pool, among pools: [Pool]) throws(StoreError) -> [Pool] {
        guard !pool.name.isEmpty, pool.name.count <= DefinitionLimits.identifier, pool.slots >= 0 else {
            throw StoreError(
                "pool.invalid", .badInput,
                "A pool has a name of 1 to \(DefinitionLimits.identifier) characters and 0 or more slots; "
                    + "got '\(pool.name)' with \(pool.slots).")
        }
        for (what, limit) in [
            ("queue", pool.limits.queue), ("attempt", pool.limits.attempt), ("total", pool.limits.total),
        ] {
            guard let limit, !(limit > 0 && limit <= DefinitionLimits.seconds) else { continue }
            throw StoreError(
                "pool.invalid", .badInput,
                "The \(what) limit of a pool is a number of seconds above 0 and at most "
                    + "\(Int(DefinitionLimits.seconds)); got \(limit).")
        }
        let resources = pool.resources
        let amounts: [(String, Double?)] = [
            ("memory", resources.memoryBytes.map(Double.init)), ("computing time", resources.cpuSeconds),
            ("number of processes", resources.processes.map(Double.init)),
            ("size of the log", resources.logBytes.map(Double.init)), ("time", resources.wallSeconds),
        ]
        for (what, amount) in amounts {
            guard let amount, !(amount > 0 && amount.isFinite) else { continue }
            throw StoreError("pool.invalid", .badInput, "A pool's limit of \(what) is a number above 0; got \(amount).")
        }
        var pool = pool
        var others = pools.filter { $0.name != pool.name }
        if pool.isDefault {
            for index in others.indices { others[index].isDefault = false }
        } else {
            pool.isDefault = !others.contains(where: \.isDefault)
        }
        return (others + [pool]).sorted { $0.name < $1.name }
    }

    /// The pools after the one called `name` was deleted.
    static func deleting(
        _ name: String, among pools: [Pool], isUsed: Bool
    ) throws(StoreError) -> [Pool] {
        guard let pool = pools.first(where: { $0.name == name }) else {
            throw .unknownPool(name, known: pools.map(\.name))
        }
        if pool.isDefault {
            throw StoreError(
                "pool.is-default", .conflict,
                "'\(name)' is the default pool. Make another one the default first: 'sluice pool default NAME'.")
        }
        if isUsed {
            throw StoreError(
                "pool.in-use", .conflict,
                "Tasks run or wait in the pool '\(name)'. Delete it once they have ended.")
        }
        return pools.filter { $0.name != name }
    }

    /// The pool that a new store has.
    static var initial: Pool {
        Pool(name: SessionDefaults().pool, slots: max(2, ProcessInfo.processInfo.activeProcessorCount), isDefault: true)
    }
}
