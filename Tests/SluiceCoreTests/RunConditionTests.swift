import Foundation
import SluiceCore
import Testing

@Suite struct RunConditionTests {
    /// How two tasks before it ended, and what becomes of a task of each condition.
    struct Row: CustomTestStringConvertible, Sendable {
        var endings: [TaskState]
        /// In the order of ``RunCondition/allCases``; `pending` is ready.
        var becomes: [TaskState]
        var testDescription: String { endings.map(\.rawValue).joined(separator: ", ") }
    }

    static let rows: [Row] = [
        // allSucceeded, allDone, anyFailed, anySucceeded, noneFailed
        Row(endings: [.succeeded, .succeeded], becomes: [.pending, .pending, .skipped, .pending, .pending]),
        Row(endings: [.succeeded, .failed], becomes: [.notRun, .pending, .pending, .pending, .notRun]),
        Row(endings: [.failed, .failed], becomes: [.notRun, .pending, .pending, .notRun, .notRun]),
        Row(endings: [.succeeded, .skipped], becomes: [.skipped, .pending, .skipped, .pending, .pending]),
        Row(endings: [.skipped, .skipped], becomes: [.skipped, .pending, .skipped, .skipped, .pending]),
        Row(endings: [.failed, .skipped], becomes: [.notRun, .pending, .pending, .notRun, .notRun]),
        Row(endings: [.notRun, .succeeded], becomes: [.notRun, .pending, .pending, .pending, .notRun]),
    ]

    @Test(arguments: rows)
    func aConditionIsJudgedOnceAllTasksBeforeHaveEnded(_ row: Row) throws {
        for (condition, expected) in zip(RunCondition.allCases, row.becomes) {
            // `never` fails, so that what comes after it does not run; `calm` is skipped, for nothing fails before it.
            var story = try RunStory(
                [
                    task("fine", after: []), task("never", after: []), task("x", after: ["fine"]),
                    task("y", after: ["never"]), task("calm", after: ["fine"], .anyFailed), task("z", after: ["fine"]),
                    task("one", after: [Self.source(row.endings[0], 0)]),
                    task(
                        "subject", after: [Self.source(row.endings[0], 0), Self.source(row.endings[1], 1)], condition),
                ]) { $0.onFailure = .continue }
            try story.succeed("fine")
            try story.fail("never")
            for name in ["x", "z"] where story.isReady(name) { try story.succeed(name) }
            #expect(story["subject"].state == expected, "\(condition)")
            #expect(expected != .pending || story.isReady("subject"), "\(condition)")
        }
    }

    private static func source(_ ending: TaskState, _ number: Int) -> String {
        switch ending {
        case .succeeded: number == 0 ? "x" : "z"
        case .failed: "never"
        case .skipped: "calm"
        default: "y"
        }
    }

    @Test func aTaskWaitsUntilTheLastOfThemHasEnded() throws {
        for condition in RunCondition.allCases {
            var story = try RunStory([
                task("a", after: []), task("b", after: []), task("c", after: ["a", "b"], condition),
            ]) {
                $0.onFailure = .continue
            }
            try story.fail("a")
            #expect(story["c"].state == .pending, "\(condition)")
            #expect(!story.isReady("c"), "\(condition)")
        }
    }

    @Test func aFailureStopsTheJobButNotWhatWasWrittenForFailures() throws {
        var story = try RunStory([
            task("load", after: []), task("beside", after: []), task("report", after: ["load"]),
            task("clean", after: ["load"], .anyFailed), task("tell", after: ["clean"]), task("late", after: ["beside"]),
        ])
        try story.lease("beside")
        try story.fail("load")
        #expect(story["report"].state == .notRun)
        #expect(story["report"].reason == "task 'load' failed")
        #expect(story["late"].state == .notRun)
        #expect(story["beside"].state == .running)
        #expect(story.isReady("clean"))
        try story.succeed("clean")
        try story.succeed("tell")
        #expect(!story.state.run.status.isEnded)
        try story.end("beside", .outcome(.succeeded(value: nil)))
        #expect(story.state.run.status == .failed)
        #expect(story.state.run.reason == "task 'load' failed")
    }

    @Test func independentBranchesGoOnWhereTheJobSaysSo() throws {
        var story = try RunStory([
            task("a", after: []), task("b", after: []), task("c", after: ["a"]), task("d", after: ["b"]),
        ]) {
            $0.onFailure = .continue
        }
        try story.fail("a")
        #expect(story.states == [.failed, .pending, .notRun, .pending])
        try story.succeed("b")
        try story.succeed("d")
        #expect(story.state.run.status == .failed)
    }

    @Test func aRunInWhichTasksAreSkippedSucceeds() throws {
        var story = try RunStory([task("a"), task("mend", .anyFailed), task("after mending")])
        try story.succeed("a")
        #expect(story.states == [.succeeded, .skipped, .skipped])
        #expect(story.state.run.status == .succeeded)
    }

    @Test(arguments: [true, false])
    func theLastTaskRunsHoweverTheOthersEnded(fails: Bool) throws {
        var story = try RunStory([task("a", after: []), task("b", after: [])], finally: task("tidy"))
        try story.succeed("a", 7)
        #expect(!story.isReady("tidy"))
        if fails { try story.fail("b") } else { try story.succeed("b") }
        #expect(story.isReady("tidy"))
        #expect(story.state.inputs(forTaskAt: 2).upstream == ["a": 7])
        try story.succeed("tidy")
        #expect(story.state.run.status == (fails ? .failed : .succeeded))
    }

    @Test func theLastTaskFailsTheRun() throws {
        var story = try RunStory([task("a")], finally: task("tidy"))
        try story.succeed("a")
        try story.fail("tidy")
        #expect(story.state.run.status == .failed)
        #expect(story.state.run.reason == "task 'tidy' failed")
    }

    @Test func aTerminatedRunEndsWithoutItsLastTask() throws {
        var story = try RunStory([task("a"), task("b")], finally: task("tidy"))
        try story.lease("a")
        try story.apply(.stop(by: "dana"))
        #expect(story["a"].reason == "stopping")
        try story.end("a", .terminated(by: "dana"))
        #expect(story.states == [.terminated, .notRun, .notRun])
        #expect(story.state.run.reason == "terminated by dana")
    }

    @Test func aTerminatedTaskIsAFailureOfIt() throws {
        var story = try RunStory([task("a", after: []), task("b", after: []), task("c", after: ["a"])])
        try story.lease("a")
        try story.apply(.stopTask(index: 0, by: "dana"))
        #expect(story["a"].stopping == .terminated(by: "dana"))
        #expect(story["b"].state == .pending)
        try story.end("a", RunStory.failure("python.signal"))
        #expect(story["a"].state == .terminated)
        #expect(story["a"].reason == "terminated by dana")
        #expect(story.states == [.terminated, .notRun, .notRun])
        #expect(story.state.run.status == .failed)
    }

    @Test func aHeldRunStartsOnceItIsAdmitted() throws {
        var story = try RunStory([task("a")], isHeld: true)
        #expect(!story.isReady("a"))
        #expect(story.state.run.reason == Run.heldReason)
        #expect(throws: RunMachineError.self) { try story.lease("a") }
        try story.apply(.admitted)
        #expect(story.isReady("a"))
        #expect(story.state.run.reason == nil)
        var stopped = try RunStory([task("a")], isHeld: true)
        try stopped.apply(.stop(by: "dana"))
        #expect(stopped.state.run.status == .failed)
        #expect(!stopped.state.run.isHeld)
    }
}
