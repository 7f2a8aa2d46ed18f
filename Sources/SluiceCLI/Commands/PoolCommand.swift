import ArgumentParser
import Sluice
import SluiceServer

struct PoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "List, create, change, suspend and delete pools of worker slots.",
        subcommands: [
            List.self, Create.self, Set.self, Suspend.self, Resume.self, Default.self, Delete.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the pools and what they are doing.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let (pools, use) = try await global.withExistingFolder { folder in
                (try await folder.client.perform(ListPools()), try await folder.client.perform(FindPoolUse()))
            }
            let documents = pools.map { pool in PoolDocument(pool, use.first { $0.pool == pool.name }) }
            guard !global.json else { return Output.standard.write(PoolListDocument(pools: documents).json) }
            var table = TextTable(["Pool", "Slots", "Running", "Waiting", "State", "Limits"], rightAligned: [1, 2, 3])
            for pool in documents {
                table.add([
                    pool.name, "\(pool.slots)", "\(pool.holding ?? 0)", "\(pool.waiting ?? 0)", pool.stateWords,
                    pool.limitWords,
                ])
            }
            table.lines(style: Output.standard.style).forEach { Output.standard.line($0) }
        }
    }

    /// What `pool create` and `pool set` say of a pool.
    struct Settings: ParsableArguments {
        @Option(help: ArgumentHelp("How many attempts may run in it at a time.", valueName: "n")) var slots: Int?
        @Option(
            name: .customLong("queue-limit"),
            help: ArgumentHelp(
                "How long a task may wait in it: seconds, or 15m, 2h, 1d; none for no limit.", valueName: "time"))
        var queueLimit: LimitArgument<TimeArgument>?
        @Option(
            name: .customLong("attempt-limit"),
            help: ArgumentHelp("How long one attempt may take; none for no limit.", valueName: "time"))
        var attemptLimit: LimitArgument<TimeArgument>?
        @Option(
            help: ArgumentHelp(
                "Memory of an attempt: bytes, or 512M, 2G; none for no limit.", valueName: "bytes"))
        var memory: LimitArgument<BytesArgument>?
        @Option(help: ArgumentHelp("Computing time of an attempt; none for no limit.", valueName: "time"))
        var cpu: LimitArgument<TimeArgument>?
        @Option(help: ArgumentHelp("Processes of an attempt at a time; none for no limit.", valueName: "n"))
        var processes: LimitArgument<Int>?
        @Option(
            name: .customLong("log-bytes"),
            help: ArgumentHelp("Output of an attempt that its log keeps; none for no limit.", valueName: "bytes"))
        var logBytes: LimitArgument<BytesArgument>?
        @Option(
            help: ArgumentHelp(
                "Time of a script from its start to its end; none for no limit.", valueName: "time"))
        var wall: LimitArgument<TimeArgument>?

        func validate() throws {
            if let slots, slots < 0 { throw ValidationError("--slots takes a whole number from 0.") }
        }

        var isEmpty: Bool {
            slots == nil && queueLimit == nil && attemptLimit == nil && memory == nil && cpu == nil
                && processes == nil && logBytes == nil && wall == nil
        }

        /// The pool with what is said here.
        func applied(to pool: Pool) -> Pool {
            var pool = pool
            if let slots { pool.slots = slots }
            if let queueLimit { pool.limits.queue = queueLimit.amount?.seconds }
            if let attemptLimit { pool.limits.attempt = attemptLimit.amount?.seconds }
            if let memory { pool.resources.memoryBytes = memory.amount?.bytes }
            if let cpu { pool.resources.cpuSeconds = cpu.amount?.seconds }
            if let processes { pool.resources.processes = processes.amount }
            if let logBytes { pool.resources.logBytes = logBytes.amount?.bytes }
            if let wall { pool.resources.wallSeconds = wall.amount?.seconds }
            return pool
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a pool.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var settings: Settings
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let pool = settings.applied(to: Pool(name: name, slots: 1))
            let created = try await global.withFolder { try await $0.client.perform(CreatePool(pool)) }
            PoolDocument(created).print("is there", asJSON: global.json)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a pool, also while tasks run in it.",
            discussion: "Limits hold for what is submitted from now on; slots for whatever starts next.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var settings: Settings
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if settings.isEmpty { throw ValidationError("Say what to change, such as --slots 4.") }
        }

        func run() async throws {
            let changed = try await global.withExistingFolder { folder in
                // An empty change answers the pool as it stands, or says that there is none.
                let pool = try await folder.client.perform(ChangePool(name, .init()))
                let wanted = settings.applied(to: pool)
                var changes = ChangePool.Changes()
                changes.slots = wanted.slots
                changes.limits = wanted.limits
                changes.resources = wanted.resources
                return try await folder.client.perform(ChangePool(name, changes))
            }
            PoolDocument(changed).print("is changed", asJSON: global.json)
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start nothing more in a pool; what waits keeps its place, what runs goes on.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await PoolCommand.change(name, "is suspended", global) { $0.isSuspended = true }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a suspended pool go on.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await PoolCommand.change(name, "goes on", global) { $0.isSuspended = false }
        }
    }

    struct Default: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a pool the one where tasks queue that name none.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await PoolCommand.change(name, "is the default pool", global) { $0.isDefault = true }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a pool in which nothing runs or waits.")

        @Argument(help: "The pool's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let pool = try await global.withExistingFolder { folder in
                let pool = try await folder.client.perform(ChangePool(name, .init()))
                _ = try await folder.client.perform(DeletePool(name))
                return pool
            }
            PoolDocument(pool).print("is deleted", asJSON: global.json)
        }
    }

    fileprivate static func change(
        _ name: String, _ words: String, _ global: GlobalOptions, _ body: (inout ChangePool.Changes) -> Void
    ) async throws {
        var changes = ChangePool.Changes()
        body(&changes)
        let change = ChangePool(name, changes)
        let pool = try await global.withExistingFolder { try await $0.client.perform(change) }
        PoolDocument(pool).print(words, asJSON: global.json)
    }
}
