import Foundation
import SluiceCore

/// Jobs made up by chance, of everything that a definition can say.
struct SimulatedJobs {
    static let kind = ScriptKind("simulated")
    static let pools = ["default", "etl", "slow"]
    /// A failure that no retry policy here tries again.
    static let finalFailure = "sim.final"
    /// One that all do.
    static let failure = "sim.failed"

    private static let script = ScriptVersion(
        name: "a.simulated", kind: kind, hash: ContentHash(of: Data()), size: 0)
    private static let connection = ConnectionInfo(name: "local", kind: "none", dialect: .sqlite)

    private let jobs: [(definition: JobDefinition, tasks: [PinnedTask])]

    init(_ chances: Chances) {
        jobs = (0..<chances.within(1...3)).map { Self.job($0, chances) }
    }

    /// A run of one of the jobs, ready to be submitted.
    func run(_ chances: Chances, key: String?, at now: Date) -> NewRun {
        let number = chances.below(jobs.count)
        let (definition, tasks) = jobs[number]
        return NewRun(
            job: chances.happens(90) ? JobVersion(job: JobID(Int64(number + 1)), version: 1) : nil,
            definition: definition, trigger: .manual, initiator: "simulation", parameters: [:], nominalTime: now,
            snapshot: Self.script.hash, idempotencyKey: key, tasks: tasks)
    }

    private static func job(_ number: Int, _ chances: Chances) -> (JobDefinition, [PinnedTask]) {
        let count = chances.within(1...5)
        var definition = JobDefinition(
            name: "job \(number)", tasks: (0..<count).map { task($0, chances) },
            finally: chances.happens(25) ? last(chances) : nil)
        definition.onFailure = chances.happens(50) ? .stop : .continue
        definition.priority = chances.within(-2...2)
        if chances.happens(30) { definition.maxConcurrentRuns = chances.within(1...2) }
        if chances.happens(15) { definition.timeLimit = Double(chances.within(10...200)) }
        let tasks = definition.allTasks.enumerated().map { index, task in
            pin(task, at: index, of: definition, chances)
        }
        return (definition, tasks)
    }

    private static func task(_ index: Int, _ chances: Chances) -> TaskDefinition {
        var task = last(chances)
        task.name = "t\(index)"
        if chances.happens(70) { task.after = (0..<index).filter { _ in chances.happens(40) }.map { "t\($0)" } }
        if chances.happens(40) { task.runIf = chances.one(of: RunCondition.allCases) }
        if chances.happens(25) {
            // A parameter, a task before it, which may give no list, or a name that nobody has.
            let list = index > 0 && chances.happens(40) ? "t\(index - 1)" : chances.happens(95) ? "items" : "nothing"
            task.forEach = ForEach(list: list, concurrency: chances.happens(50) ? chances.within(1...2) : nil)
        }
        return task
    }

    private static func last(_ chances: Chances) -> TaskDefinition {
        var task = TaskDefinition(name: "last", script: script.name)
        task.idempotent = chances.happens(40)
        if chances.happens(40) {
            task.retries = RetryPolicy(
                count: chances.within(1...2), delay: Double(chances.within(0...20)), except: [finalFailure])
        }
        return task
    }

    private static func pin(
        _ task: TaskDefinition, at index: Int, of definition: JobDefinition, _ chances: Chances
    ) -> PinnedTask {
        var limits = TaskLimits()
        if chances.happens(10) { limits.queue = Double(chances.within(5...60)) }
        if chances.happens(15) { limits.attempt = Double(chances.within(5...60)) }
        if chances.happens(10) { limits.total = Double(chances.within(20...200)) }
        let places = definition.tasks.indices
        let upstream =
            index == definition.tasks.count
            ? []
            : task.after.map { names in places.filter { names.contains(definition.tasks[$0].name) } }
                ?? (index == 0 ? [] : [index - 1])
        return PinnedTask(
            script: script, connection: connection, target: SessionDefaults(pool: chances.one(of: pools)), stepCount: 0,
            warnings: [], parameters: ["items": .array((0..<chances.below(4)).map { .integer(Int64($0)) })],
            upstream: upstream, limits: limits.isEmpty ? nil : limits)
    }
}
