import Foundation
import SluiceCore
import Testing

@Suite struct RunReopeningTests {
    static func again(_ story: RunStory, resume: [TaskRunID: ResumePoint] = [:]) -> RunMachine.Input {
        let tasks = story.state.tasks.filter { $0.id.element == nil }.map(\.pinned)
        return .reopened(.init(tasks: tasks, snapshot: RunStory.hash, resume: resume))
    }

    @Test func aFailedRunGoesOnFromWhereItFailed() throws {
        var story = try RunStory([task("a"), task("b"), task("c")], finally: task("tidy"))
        try story.succeed("a", 7)
        try story.fail("b")
        try story.succeed("tidy")
        #expect(story.state.run.status == .failed)
        try story.apply(Self.again(story))
        #expect(story.states == [.succeeded, .pending, .pending, .pending])
        #expect(story.state.run.status == .pending)
        #expect(story.state.run.endedAt == nil)
        #expect(story.isReady("b"))
        #expect(story["b"].history.map(\.state) == [.failed])
        try story.succeed("b")
        #expect(story["b"].attempt == 2)
        try story.succeed("c")
        try story.succeed("tidy")
        #expect(story.state.run.status == .succeeded)
        #expect(story["tidy"].attempt == 2)
    }

    @Test func whatDependsOnAFailedTaskHasItsTurnAgainEvenIfItSucceeded() throws {
        var story = try RunStory([
            task("a", after: []), task("other", after: []), task("mend", after: ["a"], .anyFailed),
            task("tell", after: ["mend"]),
        ]) { $0.onFailure = .continue }
        try story.succeed("other")
        try story.fail("a")
        try story.succeed("mend")
        try story.succeed("tell")
        try story.apply(Self.again(story))
        #expect(story.states == [.pending, .succeeded, .pending, .pending])
        try story.succeed("a")
        #expect(story["mend"].state == .skipped)
        #expect(story.state.run.status == .succeeded)
    }

    @Test func ofAForEachOnlyTheFailedElementsRunAgain() throws {
        var story = try RunStory(
            [task("each", forEach: ForEach(list: "n"))], parameters: ["n": [1, 2, 3]]
        ) { $0.onFailure = .continue }
        try story.succeed("each[0]", 10)
        try story.fail("each[1]")
        try story.succeed("each[2]", 30)
        try story.apply(Self.again(story))
        #expect((0..<3).map { story["each[\($0)]"].state } == [.succeeded, .pending, .succeeded])
        try story.succeed("each[1]", 20)
        #expect(story["each"].value == [10, 20, 30])
        #expect(story.state.tasks.count == 4)
        #expect(story.state.run.status == .succeeded)
    }

    @Test func aForEachWhoseListIsMadeAnewTakesItsElementsOn() throws {
        var story = try RunStory([task("find"), task("each", forEach: ForEach(list: "find"))])
        try story.succeed("find", [1, 2, 3])
        try story.succeed("each[0]")
        try story.fail("each[1]")
        var longer = story
        // As if `find` had failed: its list may be another one.
        try story.apply(Self.again(story))
        #expect((0..<3).map { story["each[\($0)]"].state } == [.succeeded, .pending, .pending])
        try longer.apply(Self.again(longer))
        try longer.succeed("each[1]")
        #expect(longer["each[1]"].attempt == 2, "journals of the first attempt stay its own")
    }

    @Test func aForEachThatDoesNotBeginAgainTakesItsElementsAlong() throws {
        var mended = try RunStory(
            [task("a"), task("each", .anyFailed, forEach: ForEach(list: "n"))], parameters: ["n": [1]])
        try mended.fail("a")
        try mended.succeed("each[0]")
        try mended.apply(Self.again(mended))
        try mended.succeed("a")
        #expect(mended.states == [.succeeded, .skipped, .skipped])
        #expect(mended.state.run.status == .succeeded)

        var spoilt = try RunStory([
            task("a"), task("find", .allDone), task("each", after: ["find"], forEach: ForEach(list: "find")),
        ]) { $0.onFailure = .continue }
        try spoilt.fail("a")
        try spoilt.succeed("find", [1])
        try spoilt.succeed("each[0]")
        try spoilt.apply(Self.again(spoilt))
        try spoilt.succeed("a")
        try spoilt.succeed("find", 7)
        #expect(spoilt.states == [.succeeded, .succeeded, .failed, .notRun])
        #expect(spoilt.state.run.status == .failed)
    }

    @Test func anElementThatIsTerminatedBeforeItsGroupBeginsAgainStaysSo() throws {
        var story = try RunStory(
            [task("a"), task("each", .allDone, forEach: ForEach(list: "n"))], parameters: ["n": [1, 2]]
        ) { $0.onFailure = .continue }
        try story.fail("a")
        try story.succeed("each[0]")
        try story.succeed("each[1]")
        try story.apply(Self.again(story))
        try story.apply(.stopTask(index: story.place("each[1]"), by: "dana"))
        try story.succeed("a")
        #expect(story["each[1]"].state == .terminated)
        try story.succeed("each[0]")
        #expect(story["each"].state == .terminated)
    }

    @Test func aTaskMayGoOnAtAStep() throws {
        var story = try RunStory([task("a")])
        try story.fail("a")
        let id = story["a"].id
        let point = ResumePoint(attempt: AttemptID(task: id, number: 1), step: 17)
        try story.apply(Self.again(story, resume: [id: point]))
        #expect(story["a"].resume == point)
        try story.succeed("a")
        #expect(story["a"].resume == nil)
    }

    @Test func aTaskThatGoesOnHasAllItsRetriesAgain() throws {
        var story = try RunStory([task("a", retries: RetryPolicy(count: 1, delay: 5, jitter: 0))])
        try story.fail("a")
        try story.apply(.timePassed, after: 5)
        try story.fail("a")
        #expect(story.state.run.status == .failed)
        try story.apply(Self.again(story))
        try story.fail("a")
        #expect(story["a"].state == .pending, "its retry is not used up")
        try story.apply(.timePassed, after: 5)
        try story.fail("a")
        #expect(story["a"].state == .failed)
        #expect(story["a"].attempt == 4)
    }

    @Test func aRunThatHasNotFailedCannotBeReopened() throws {
        var story = try RunStory([task("a")])
        #expect(throws: RunMachineError.self) { try story.apply(Self.again(story)) }
        try story.succeed("a")
        #expect(throws: RunMachineError.self) { try story.apply(Self.again(story)) }
    }

    @Test func aTerminatedRunCanGoOn() throws {
        var story = try RunStory([task("a"), task("b")])
        try story.lease("a")
        try story.apply(.stop(by: "dana"))
        try story.end("a", .terminated(by: "dana"))
        try story.apply(Self.again(story))
        #expect(story.state.run.stoppedBy == nil)
        try story.succeed("a")
        try story.succeed("b")
        #expect(story.state.run.status == .succeeded)
    }
}
