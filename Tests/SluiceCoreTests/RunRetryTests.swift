import Foundation
import SluiceCore
import Testing

@Suite struct RunRetryTests {
    static let twice = RetryPolicy(count: 2, delay: 10, factor: 3, cap: 60, jitter: 0)

    @Test func aFailedAttemptIsTriedAgainAfterItsDelay() throws {
        var story = try RunStory([task("a", retries: Self.twice), task("b")])
        try story.fail("a")
        #expect(story["a"].state == .pending)
        #expect(story["a"].readyAt == story.now + 10)
        #expect(story["a"].reason == "tried again in 10 s, attempt 1 failed: no such table: t")
        #expect(!story.isReady("a"))
        #expect(story.state.nextDue(after: story.now) == story.now + 10)
        #expect(throws: RunMachineError.self) { try story.lease("a") }
        try story.apply(.timePassed, after: 10)
        #expect(story.isReady("a"))
        try story.fail("a")
        #expect(story["a"].readyAt == story.now + 30)
        try story.apply(.timePassed, after: 30)
        try story.fail("a")
        #expect(story.states == [.failed, .notRun])
        #expect(story["a"].attempt == 3)
        #expect(story["a"].history.map(\.number) == [1, 2])
        #expect(story["a"].history.map(\.state) == [.failed, .failed])
        #expect(story["a"].history[0].failure?.message == "no such table: t")
    }

    @Test func aRetryThatSucceedsIsASuccess() throws {
        var story = try RunStory([task("a", retries: Self.twice)])
        try story.fail("a")
        try story.apply(.timePassed, after: 10)
        try story.succeed("a")
        #expect(story.state.run.status == .succeeded)
        #expect(story["a"].failure == nil)
    }

    @Test(arguments: [
        ("sql.error", false), ("sql.unknown-schema", false), ("sqlite.busy", true), ("python.exit", true),
    ])
    func someFailuresAreNotWorthATry(code: String, isRetried: Bool) throws {
        var policy = Self.twice
        policy.except = ["sql.*", "python.exception"]
        var story = try RunStory([task("a", retries: policy)])
        try story.fail("a", code: code)
        #expect(story["a"].state == (isRetried ? .pending : .failed))
    }

    @Test(arguments: [(1, 0.5, 10.0), (2, 0.5, 30), (3, 0.5, 60), (9, 0.5, 60), (1, 0, 8), (1, 1, 12), (4, 1, 72)])
    func delaysGrowToTheirCapAndSpread(failures: Int, chance: Double, delay: Double) {
        let policy = RetryPolicy(count: 9, delay: 10, factor: 3, cap: 60, jitter: 0.2)
        #expect(abs(policy.delay(after: failures, chance: chance) - delay) < 1e-9)
    }

    @Test func nothingIsTriedAgainOnceTheJobHasFailedOrWasStopped() throws {
        var story = try RunStory([task("a", after: [], retries: Self.twice), task("b", after: [])])
        try story.lease("a")
        try story.fail("b")
        try story.end("a", RunStory.failure())
        #expect(story["a"].state == .failed)

        var stopped = try RunStory([task("a", retries: Self.twice)])
        try stopped.lease("a")
        try stopped.apply(.stop(by: "dana"))
        try stopped.end("a", RunStory.failure())
        #expect(stopped["a"].state == .terminated)
    }

    @Test func aTaskThatWaitsForItsRetryCanBeGivenUp() throws {
        var story = try RunStory([task("a", after: [], retries: Self.twice), task("b", after: [])])
        try story.fail("a")
        try story.apply(.stopTask(index: 0, by: "dana"))
        #expect(story["a"].state == .terminated)
        #expect(story["b"].state == .notRun)
    }

    // MARK: What broke off

    static let gone = AttemptEnding.lost(reason: "its worker vanished")

    @Test func onlyWhatMayRunTwiceRunsAgainAfterItsWorkerVanished() throws {
        var story = try RunStory([task("a", idempotent: true)])
        for _ in 0..<3 {
            try story.lease("a")
            try story.end("a", Self.gone)
            #expect(story.isReady("a"))
        }
        #expect(story["a"].history.map(\.state) == [.lost, .lost, .lost])
        try story.lease("a")
        try story.end("a", Self.gone)
        #expect(story["a"].state == .lost)

        var once = try RunStory([task("a")])
        try once.lease("a")
        try once.end("a", Self.gone)
        #expect(once["a"].state == .lost)
    }

    @Test func aShutdownLeavesWhatMayRunTwiceForTheNextStart() throws {
        var story = try RunStory([task("a", after: [], idempotent: true), task("b", after: [])])
        try story.lease("a")
        try story.lease("b")
        try story.end("a", .terminated(by: "the engine's shutdown"))
        try story.end("b", .terminated(by: "the engine's shutdown"))
        #expect(story["b"].state == .terminated)
        #expect(story["a"].state == .notRun, "its job has failed by the other's end")
    }

    // MARK: Limits of time

    @Test func aTaskThatWaitsTooLongForASlotIsOut() throws {
        var story = try RunStory([task("a", limits: TaskLimits(queue: 60)), task("b")])
        #expect(story.state.nextDue(after: story.now) == story.now + 60)
        try story.apply(.timePassed, after: 59)
        #expect(story["a"].state == .pending)
        try story.apply(.timePassed, after: 1)
        #expect(story.states == [.timedOut, .notRun])
        #expect(story["a"].reason == "waited longer for a slot than its limit of 60 s")
        #expect(story["a"].failure?.code == "task.queue-limit")
        #expect(story.state.run.status == .failed)
    }

    @Test func anAttemptThatTakesTooLongIsToldToEndAndIsTriedAgain() throws {
        var story = try RunStory([task("a", retries: Self.twice, limits: TaskLimits(attempt: 600))])
        try story.lease("a")
        try story.apply(.timePassed, after: 600)
        #expect(story["a"].state == .running)
        #expect(story["a"].stopping == .timedOut(.attempt, seconds: 600))
        #expect(story["a"].reason == "stopping: ran longer than its limit of 10 min")
        #expect(story.state.nextDue(after: story.now) == nil)
        try story.end("a", .terminated(by: "its limit of time"))
        #expect(story["a"].state == .pending)
        #expect(story["a"].history.map(\.state) == [.timedOut])
        #expect(story["a"].history[0].failure?.code == "task.attempt-limit")
    }

    @Test func anAttemptThatWasQuickerThanItsEndSucceeds() throws {
        var story = try RunStory([task("a", limits: TaskLimits(attempt: 600))])
        try story.lease("a")
        try story.apply(.timePassed, after: 600)
        try story.end("a", .outcome(.succeeded(value: 1)))
        #expect(story["a"].state == .succeeded)
        #expect(story["a"].stopping == nil)
    }

    @Test func theWholeTaskHasALimitOverAllItsAttempts() throws {
        var story = try RunStory([task("a", retries: Self.twice, limits: TaskLimits(total: 25))])
        try story.fail("a")
        try story.apply(.timePassed, after: 10)
        try story.lease("a")
        try story.apply(.timePassed, after: 15)
        #expect(story["a"].stopping == .timedOut(.total, seconds: 25))
        try story.end("a", .terminated(by: "its limit of time"))
        #expect(story["a"].state == .timedOut)
        #expect(story["a"].failure?.code == "task.total-limit")
    }

    @Test func aRetryThatCouldNotStartInTimeIsNotTried() throws {
        var story = try RunStory([task("a", retries: Self.twice, limits: TaskLimits(total: 11))])
        try story.fail("a")
        #expect(story["a"].state == .failed)
    }

    @Test func aRunThatTakesTooLongEndsWithItsLastTask() throws {
        var story = try RunStory([task("a"), task("b")], finally: task("tidy")) { $0.timeLimit = 3_600 }
        #expect(story.state.nextDue(after: story.now) == nil, "it counts from the first attempt")
        try story.lease("a")
        let started = story.now
        #expect(story.state.nextDue(after: started) == started + 3_600)
        try story.apply(.timePassed, after: 3_600)
        #expect(story["a"].stopping == .timedOut(.run, seconds: 3_600))
        #expect(story["b"].state == .notRun)
        try story.end("a", .terminated(by: "its limit of time"))
        #expect(story["a"].state == .timedOut)
        #expect(story.isReady("tidy"))
        try story.succeed("tidy")
        #expect(story.state.run.status == .failed)
        #expect(story.state.run.reason == "the run took longer than its limit of 60 min")
    }
}
