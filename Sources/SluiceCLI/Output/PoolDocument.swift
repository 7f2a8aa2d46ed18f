import Sluice

/// A pool: what `pool` and its commands print.
struct PoolDocument: Document {
    var name: String
    var slots: Int
    var isDefault: Bool
    var isSuspended: Bool
    /// Attempts that hold a slot.
    var holding: Int?
    /// Tasks that wait for one.
    var waiting: Int?
    /// In seconds, as every time here.
    var queueLimit: Double?
    var attemptLimit: Double?
    /// In bytes.
    var memory: Int?
    var cpu: Double?
    var processes: Int?
    var logBytes: Int?
    var wall: Double?

    init(_ pool: Pool, _ use: PoolUse? = nil) {
        name = pool.name
        slots = pool.slots
        isDefault = pool.isDefault
        isSuspended = pool.isSuspended
        holding = use?.holding
        waiting = use?.waiting
        queueLimit = pool.limits.queue
        attemptLimit = pool.limits.attempt
        memory = pool.resources.memoryBytes
        cpu = pool.resources.cpuSeconds
        processes = pool.resources.processes
        logBytes = pool.resources.logBytes
        wall = pool.resources.wallSeconds
    }

    var stateWords: String {
        [isDefault ? "default" : nil, isSuspended ? "suspended" : nil].compactMap(\.self).joined(separator: ", ")
    }

    var limitWords: String {
        let parts: [String?] = [
            queueLimit.map { "queue \(Formats.duration($0))" }, attemptLimit.map { "attempt \(Formats.duration($0))" },
            memory.map { "memory \(Formats.bytes($0))" }, cpu.map { "computing \(Formats.duration($0))" },
            processes.map { Formats.count($0, "process", plural: "processes") },
            logBytes.map { "log \(Formats.bytes($0))" }, wall.map { "script \(Formats.duration($0))" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    /// Says what became of it.
    func print(_ words: String, asJSON: Bool) {
        guard !asJSON else { return Output.standard.write(json) }
        let more = limitWords.isEmpty ? "" : "; limits: \(limitWords)"
        Output.standard.line("Pool '\(DisplayText.safe(name))' \(words): \(Formats.count(slots, "slot"))\(more)")
    }
}

struct PoolListDocument: Document {
    var pools: [PoolDocument]
}
