import Foundation
import SluiceCore

/// A run to play with: tasks are named, and every input comes a second after the one before.
struct RunStory {
    private(set) var state: RunState
    private(set) var now: Date
    private var token: Int64 = 0

    static let start = Date(timeIntervalSince1970: 1_000_000)

    /// - Parameter limits: limits of time that are pinned, by task.
    init(
        _ tasks: [TaskDefinition], finally: TaskDefinition? = nil, parameters: [String: JSONValue] = [:],
        limits: [String: TaskLimits] = [:], isHeld: Bool = false,
        _ change: (inout JobDefinition) -> Void = { _ in }
    ) throws {
        var definition = JobDefinition(
            name: "job", parameters: parameters.mapValues { JobParameter(default: $0) }, tasks: tasks, finally: finally)
        change(&definition)
        let graph = try definition.validate()
        let new = NewRun(
            job: nil, definition: definition, trigger: .manual, initiator: "dana", parameters: parameters,
            nominalTime: Self.start, snapshot: Self.hash, idempotencyKey: nil,
            tasks: definition.allTasks.enumerated().map { index, task in
                Self.pinned(
                    upstream: index < tasks.count ? graph.upstream[index] : [],
                    parameters: parameters.merging(task.parameters) { _, own in own },
                    limits: limits[task.name] ?? task.limits)
            })
        now = Self.start
        state = new.started(as: RunID(1), at: now, isHeld: isHeld).state
    }

    static let hash = ContentHash(of: Data())

    static func pinned(
        upstream: [Int] = [], parameters: [String: JSONValue] = [:], limits: TaskLimits? = nil
    ) -> PinnedTask {
        PinnedTask(
            script: ScriptVersion(name: "s.sql", kind: .sql, hash: hash, size: 0),
            connection: ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite),
            target: SessionDefaults(), stepCount: 0, warnings: [], parameters: parameters, upstream: upstream,
            limits: limits)
    }

    mutating func apply(_ input: RunMachine.Input, after seconds: TimeInterval = 1) throws {
        now += seconds
        state = try RunMachine.apply(input, to: state, at: now).state
    }

    /// The place of a task, or of an element as `each[2]`.
    func place(_ name: String) -> Int {
        state.tasks.firstIndex { task in
            task.name + (task.id.element.map { "[\($0)]" } ?? "") == name
        }!
    }

    subscript(name: String) -> TaskRun { state.tasks[place(name)] }

    /// Whether a worker could have it now.
    func isReady(_ name: String) -> Bool {
        self[name].state == .pending && self[name].readyAt.map { $0 <= now } ?? false && state.mayLease(place(name))
    }

    mutating func lease(_ name: String, begin: Bool = true) throws {
        token += 1
        try apply(.leased(index: place(name), lease: Lease(worker: "w", token: token, expires: now + 15)))
        if begin { try apply(.begun(index: place(name)), after: 0) }
    }

    mutating func end(_ name: String, _ ending: AttemptEnding, chance: Double = 0.5) throws {
        try apply(.ended(index: place(name), ending: ending, chance: chance))
    }

    mutating func succeed(_ name: String, _ value: JSONValue? = nil) throws {
        try lease(name)
        try end(name, .outcome(.succeeded(value: value)))
    }

    mutating func fail(_ name: String, code: String = "sql.error") throws {
        try lease(name)
        try end(name, Self.failure(code))
    }

    static func failure(_ code: String = "sql.error") -> AttemptEnding {
        .outcome(.failed(TaskFailure(code: code, message: "no such table: t")))
    }

    var states: [TaskState] { state.tasks.map(\.state) }
}

/// A task without a script to speak of.
func task(
    _ name: String, after: [String]? = nil, _ runIf: RunCondition = .allSucceeded, retries: RetryPolicy? = nil,
    limits: TaskLimits? = nil, idempotent: Bool = false, forEach: ForEach? = nil
) -> TaskDefinition {
    TaskDefinition(
        name: name, script: "\(name).sql", after: after, runIf: runIf, retries: retries, limits: limits,
        idempotent: idempotent, forEach: forEach)
}
