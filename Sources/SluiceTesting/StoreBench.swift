import Foundation
import SluiceCore
import Synchronization

/// Two handles on one store, a clock, and short ways to say what the cases say often.
final class StoreBench: Sendable {
    let first: any EngineStore
    let second: any EngineStore
    let clock: ManualClock
    /// The bytes of the scripts that were made up so far.
    let contents = Mutex<[ContentHash: Data]>([:])

    init(first: any EngineStore, second: any EngineStore, clock: ManualClock) {
        self.first = first
        self.second = second
        self.clock = clock
    }

    /// A job of tasks that wait for each other as `upstream` says; in list order when it says nothing.
    func newRun(
        _ names: [String], upstream: [[Int]]? = nil, kind: ScriptKind = .sql, pool: String = "default",
        job: String = "nightly", jobID: Int64 = 7, key: String? = nil, limits: TaskLimits? = nil,
        _ change: (inout JobDefinition) -> Void = { _ in }
    ) -> NewRun {
        let bytes = Data("select 1".utf8)
        let tasks = names.enumerated().map { index, name in
            PinnedTask(
                script: ScriptVersion(name: "\(name).sql", kind: kind, hash: ContentHash(of: bytes), size: bytes.count),
                connection: ConnectionInfo(
                    name: "local", kind: "sqlite", dialect: .sqlite, settings: ["root": "/data"]),
                target: SessionDefaults(pool: pool), stepCount: index,
                warnings: [PlanWarning(code: "sql.bare-select", message: "Nobody sees it.", line: 1)],
                parameters: ["limit": .integer(Int64(index)), "ratio": .number(0.1), "who": "žofie"],
                upstream: upstream?[index] ?? (index == 0 ? [] : [index - 1]), limits: limits)
        }
        var definition = JobDefinition(
            name: job, description: "For the conformance of stores.", parameters: ["limit": 10],
            tasks: names.map { TaskDefinition(name: $0, script: "\($0).sql") })
        change(&definition)
        return NewRun(
            job: JobVersion(job: JobID(jobID), version: 3), definition: definition, trigger: .api, initiator: "dana",
            parameters: ["limit": 12], nominalTime: Date(timeIntervalSinceReferenceDate: 789_999_999.123_456_7),
            snapshot: ContentHash(of: Data()), idempotencyKey: key, tasks: tasks)
    }

    /// An order to lease, and nothing else.
    func leasing(
        _ limit: Int = 1, worker: String = "worker", kinds: Set<ScriptKind> = [.sql],
        for duration: Duration = .seconds(30)
    ) -> AdvanceOrder {
        AdvanceOrder(lease: LeaseOrder(worker: worker, kinds: kinds, limit: limit, duration: duration))
    }

    /// Leases one task, which must be there.
    func leaseOne(
        _ store: any RunStore, worker: String = "worker", file: StaticString = #fileID, line: UInt = #line
    ) throws -> LeasedTask {
        let leased = try store.advance(leasing(1, worker: worker)).leased
        guard leased.count == 1 else {
            throw ConformanceFailure("expected one leased task, found \(leased.count)", file: file, line: line)
        }
        return leased[0]
    }

    func ending(_ task: LeasedTask, _ ending: AttemptEnding) -> AdvanceOrder {
        AdvanceOrder(ended: [.init(lease: task.lease, ending: ending)])
    }

    static let success = AttemptEnding.outcome(.succeeded(value: nil))

    static let failure = AttemptEnding.outcome(
        .failed(
            TaskFailure(
                code: "sql.error", message: "no such table: t", step: 3, line: 7, column: 2, detail: "long",
                exitStatus: 1)))

    /// The run as both handles see it, which must be the same.
    func state(of run: RunID, file: StaticString = #fileID, line: UInt = #line) throws -> RunState {
        let (one, other) = (try first.run(run), try second.run(run))
        guard let one, one == other else {
            throw ConformanceFailure(
                "the handles see different runs: \(String(describing: one)) and \(String(describing: other))",
                file: file, line: line)
        }
        return one
    }

    /// Runs `body` on both handles from `count` tasks at once.
    func inParallel(_ count: Int, _ body: @escaping @Sendable (any EngineStore, Int) throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let store = number.isMultiple(of: 2) ? first : second
                group.addTask { try body(store, number) }
            }
            try await group.waitForAll()
        }
    }
}
