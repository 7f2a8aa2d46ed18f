import Foundation
import SluiceCore
import Testing

@Suite struct RunMachineTests {
    static let start = Date(timeIntervalSince1970: 1_000_000)

    /// A run whose tasks wait for the places that `upstream` lists.
    static func run(_ upstream: [[Int]]) -> RunMachine.Transition {
        let hash = ContentHash(of: Data())
        let names = upstream.indices.map { "t\($0)" }
        let new = NewRun(
            job: nil,
            definition: JobDefinition(name: "job", tasks: names.map { TaskDefinition(name: $0, script: "s.sql") }),
            trigger: .manual, initiator: "dana", parameters: [:], nominalTime: start, snapshot: hash,
            idempotencyKey: nil,
            tasks: upstream.map {
                PinnedTask(
                    script: ScriptVersion(name: "s.sql", kind: .sql, hash: hash, size: 0),
                    connection: ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite),
                    target: SessionDefaults(), stepCount: 0, warnings: [], parameters: [:], upstream: $0)
            })
        return new.started(as: RunID(1), at: start)
    }

    static func lease(_ token: Int64 = 1, begun: Bool = false) -> Lease {
        Lease(worker: "w", token: token, expires: start.addingTimeInterval(15), begun: begun)
    }

    /// Applies inputs one after another, ten seconds apart.
    static func play(_ inputs: [RunMachine.Input], on upstream: [[Int]]) throws -> RunState {
        var state = run(upstream).state
        for (tick, input) in inputs.enumerated() {
            state = try RunMachine.apply(input, to: state, at: start.addingTimeInterval(Double(tick + 1) * 10)).state
        }
        return state
    }

    static let done = AttemptEnding.outcome(.succeeded(value: nil))
    static let broken = AttemptEnding.outcome(.failed(TaskFailure(code: "sql.error", message: "no such table: t")))

    @Test func onlyTasksThatWaitForNothingAreReadyAtTheStart() {
        let state = Self.run([[], [0], [], [1, 2]]).state
        #expect(state.tasks.map { $0.readyAt != nil } == [true, false, true, false])
        #expect(state.run.status == .pending)
        #expect(state.tasks[0].reason == "waits for pool default")
    }

    struct Story: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var upstream: [[Int]]
        var inputs: [RunMachine.Input]
        var tasks: [TaskState]
        var run: RunStatus
        var reason: String?
    }

    static let line: [[Int]] = [[], [0], [1]]
    static let diamond: [[Int]] = [[], [0], [0], [1, 2]]

    static let stories: [Story] = [
        Story(
            testDescription: "a line runs to its end", upstream: line,
            inputs: (0..<3).flatMap { index -> [RunMachine.Input] in
                [.leased(index: index, lease: lease()), .begun(index: index), .ended(index: index, ending: done)]
            },
            tasks: [.succeeded, .succeeded, .succeeded], run: .succeeded),
        Story(
            testDescription: "a failed task fails the job and leaves the later ones not run", upstream: line,
            inputs: [.leased(index: 0, lease: lease()), .ended(index: 0, ending: broken)],
            tasks: [.failed, .notRun, .notRun], run: .failed, reason: "task 't0' failed"),
        Story(
            testDescription: "what runs beside a failed task is waited for", upstream: diamond,
            inputs: [
                .leased(index: 0, lease: lease()), .ended(index: 0, ending: done),
                .leased(index: 1, lease: lease(2)), .leased(index: 2, lease: lease(3)),
                .ended(index: 1, ending: broken),
            ],
            tasks: [.succeeded, .failed, .running, .notRun], run: .running),
        Story(
            testDescription: "a join waits for both branches", upstream: diamond,
            inputs: [
                .leased(index: 0, lease: lease()), .ended(index: 0, ending: done),
                .leased(index: 1, lease: lease(2)), .leased(index: 2, lease: lease(3)),
                .ended(index: 2, ending: done),
            ],
            tasks: [.succeeded, .running, .succeeded, .pending], run: .running),
        Story(
            testDescription: "stopping a waiting run ends it at once", upstream: line, inputs: [.stop(by: "dana")],
            tasks: [.notRun, .notRun, .notRun], run: .failed, reason: "terminated by dana"),
        Story(
            testDescription: "stopping a running run waits for the attempt", upstream: line,
            inputs: [.leased(index: 0, lease: lease()), .stop(by: "dana")],
            tasks: [.running, .notRun, .notRun], run: .running),
        Story(
            testDescription: "a stopped run fails when its attempt has ended", upstream: line,
            inputs: [
                .leased(index: 0, lease: lease()), .stop(by: "dana"),
                .ended(index: 0, ending: .terminated(by: "dana")),
            ],
            tasks: [.terminated, .notRun, .notRun], run: .failed, reason: "terminated by dana"),
        Story(
            testDescription: "a stopped run fails even when its last attempt still succeeds", upstream: [[]],
            inputs: [
                .leased(index: 0, lease: lease()), .stop(by: "dana"), .ended(index: 0, ending: done),
            ],
            tasks: [.succeeded], run: .failed, reason: "terminated by dana"),
        Story(
            testDescription: "a lost attempt that had begun fails the task", upstream: line,
            inputs: [
                .leased(index: 0, lease: lease()), .begun(index: 0),
                .ended(index: 0, ending: .lost(reason: "its worker vanished")),
            ],
            tasks: [.lost, .notRun, .notRun], run: .failed, reason: "task 't0' was lost"),
        Story(
            testDescription: "a lost attempt that had not begun is ready again", upstream: line,
            inputs: [
                .leased(index: 0, lease: lease()), .ended(index: 0, ending: .lost(reason: "its worker vanished")),
            ],
            tasks: [.pending, .pending, .pending], run: .running),
        Story(
            testDescription: "a lost attempt that had not begun is not run when the run has failed meanwhile",
            upstream: [[], []],
            inputs: [
                .leased(index: 0, lease: lease()), .leased(index: 1, lease: lease(2)),
                .ended(index: 0, ending: broken), .ended(index: 1, ending: .lost(reason: "its worker vanished")),
            ],
            tasks: [.failed, .notRun], run: .failed, reason: "task 't0' failed"),
    ]

    @Test(arguments: stories)
    func aRunMovesByItsRules(_ story: Story) throws {
        let state = try Self.play(story.inputs, on: story.upstream)
        #expect(state.tasks.map(\.state) == story.tasks)
        #expect(state.run.status == story.run)
        #expect(state.run.reason == story.reason)
        #expect((state.run.endedAt != nil) == story.run.isEnded)
    }

    @Test func notRunTasksSayWhichTaskFailed() throws {
        let state = try Self.play(
            [.leased(index: 0, lease: Self.lease()), .ended(index: 0, ending: Self.broken)], on: Self.line)
        #expect(state.tasks[2].reason == "task 't0' failed")
        #expect(state.tasks[0].failure?.message == "no such table: t")
    }

    @Test func inputsThatDoNotFitChangeNothingAndSayWhy() {
        let state = Self.run(Self.line).state
        #expect(throws: RunMachineError.self) {
            try RunMachine.apply(.leased(index: 1, lease: Self.lease()), to: state, at: Self.start)
        }
        #expect(throws: RunMachineError.self) {
            try RunMachine.apply(.ended(index: 0, ending: Self.done), to: state, at: Self.start)
        }
        #expect(throws: RunMachineError.self) {
            try RunMachine.apply(.begun(index: 0), to: state, at: Self.start)
        }
    }

    @Test func aStoppedRunLeasesNothing() throws {
        let state = try Self.play([.leased(index: 0, lease: Self.lease()), .stop(by: "dana")], on: [[], []])
        #expect(throws: RunMachineError.self) {
            try RunMachine.apply(.leased(index: 1, lease: Self.lease(2)), to: state, at: Self.start)
        }
    }

    @Test func aTransitionNamesExactlyTheTasksThatChanged() throws {
        let first = try RunMachine.apply(
            .leased(index: 0, lease: Self.lease()), to: Self.run(Self.diamond).state, at: Self.start)
        #expect(first.changedTasks == [0])
        let second = try RunMachine.apply(.ended(index: 0, ending: Self.done), to: first.state, at: Self.start)
        #expect(second.changedTasks == [0, 1, 2])
        for index in second.state.tasks.indices where !second.changedTasks.contains(index) {
            #expect(second.state.tasks[index] == first.state.tasks[index])
        }
    }

    @Test func theFirstLeaseStartsTheRunAndSaysSoFirst() throws {
        let transition = try RunMachine.apply(
            .leased(index: 0, lease: Self.lease()), to: Self.run(Self.line).state, at: Self.start)
        #expect(transition.changes.first == .run(status: .running, reason: nil))
        #expect(transition.state.run.startedAt == Self.start)
        #expect(transition.state.tasks[0].attempt == 1)
    }

    @Test func movingToAPoolIsShownAsWaitingUntilGranted() throws {
        var state = try Self.play([.leased(index: 0, lease: Self.lease())], on: [[]])
        state = try RunMachine.apply(.movedPool(index: 0, pool: "etl", granted: false), to: state, at: Self.start).state
        #expect(state.tasks[0].waitsForSlot)
        #expect(state.tasks[0].reason == "waits for pool etl")
        #expect(state.tasks[0].lease != nil)
        state = try RunMachine.apply(.movedPool(index: 0, pool: "etl", granted: true), to: state, at: Self.start).state
        #expect(!state.tasks[0].waitsForSlot)
        #expect(state.tasks[0].pool == "etl")
        #expect(state.tasks[0].reason == nil)
    }

    @Test func valuesReachEveryTaskDownstream() throws {
        let value = AttemptEnding.outcome(.succeeded(value: ["rows": 7]))
        let state = try Self.play(
            [
                .leased(index: 0, lease: Self.lease()), .ended(index: 0, ending: value),
                .leased(index: 1, lease: Self.lease(2)), .ended(index: 1, ending: Self.done),
            ], on: Self.line)
        #expect(state.inputs(forTaskAt: 2).upstream == ["t0": ["rows": 7]])
        #expect(state.inputs(forTaskAt: 0).upstream.isEmpty)
    }

    @Test func labelsAreTheSpecifications() {
        #expect(RunStatus.allCases.map(\.label) == ["Pending", "Running", "Completed Successfully", "Failed"])
        #expect(TaskState.succeeded.label == "Done")
        #expect(TaskState.allCases.filter { $0.label == "Failed" } == [.failed, .terminated, .timedOut, .lost])
        #expect(TaskState.allCases.filter { $0.label == "Pending" } == [.pending, .skipped, .notRun])
    }

    /// Random runs under random inputs: whatever happens, a run ends exactly when all its tasks have, and no task that
    /// has ended ever changes again.
    @Test(arguments: 0..<200)
    func endedMeansEnded(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let count = Int.random(in: 1...6, using: &random)
        let upstream = (0..<count).map { index in (0..<index).filter { _ in Bool.random(using: &random) } }
        var state = Self.run(upstream).state
        var token: Int64 = 0
        for _ in 0..<60 where !state.run.status.isEnded {
            let index = Int.random(in: 0..<count, using: &random)
            token += 1
            let input: RunMachine.Input =
                switch Int.random(in: 0..<10, using: &random) {
                case 0...3: .leased(index: index, lease: Self.lease(token))
                case 4: .begun(index: index)
                case 5...7: .ended(index: index, ending: Self.done)
                case 8: .ended(index: index, ending: .lost(reason: "gone"))
                default: Int.random(in: 0..<5, using: &random) == 0 ? .stop(by: "dana") : .begun(index: index)
                }
            guard let next = try? RunMachine.apply(input, to: state, at: Self.start) else { continue }
            for (before, after) in zip(state.tasks, next.state.tasks) where before.state.isEnded {
                #expect(before == after)
            }
            for task in next.state.tasks where task.state == .running {
                #expect(task.pinned.upstream.allSatisfy { next.state.tasks[$0].state == .succeeded })
            }
            state = next.state
            #expect(state.run.status.isEnded == state.tasks.allSatisfy(\.state.isEnded))
        }
    }
}

/// SplitMix64: small, seeded, the same everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
