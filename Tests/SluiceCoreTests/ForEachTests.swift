import Foundation
import SluiceCore
import Testing

@Suite struct ForEachTests {
    static func over(_ list: String, _ concurrency: Int? = nil) -> ForEach {
        ForEach(list: list, concurrency: concurrency)
    }

    @Test func aTaskRunsOnceForEachElementOfAParameter() throws {
        var story = try RunStory(
            [task("each", forEach: Self.over("days")), task("after")], parameters: ["days": ["mon", "tue", "wed"]])
        #expect(story["each"].state == .running)
        #expect(!story["each"].isAttempting)
        #expect(story.state.tasks.count == 5)
        for element in 0..<3 {
            #expect(story.isReady("each[\(element)]"))
            #expect(story["each[\(element)]"].id.description == "1.1[\(element)]")
        }
        let inputs = story.state.inputs(forTaskAt: story.place("each[1]"))
        #expect(inputs.parameters["item"] == "tue")
        #expect(inputs.parameters["item_index"] == 1)
        for element in [2, 0, 1] { try story.succeed("each[\(element)]", .integer(Int64(element))) }
        #expect(story["each"].state == .succeeded)
        #expect(story["each"].value == [0, 1, 2])
        #expect(story.isReady("after"))
        #expect(story.state.inputs(forTaskAt: story.place("after")).upstream == ["each": [0, 1, 2]])
    }

    @Test func onlySoManyElementsRunAtATime() throws {
        var story = try RunStory(
            [task("each", forEach: Self.over("n", 2))], parameters: ["n": [1, 2, 3, 4]])
        #expect((0..<4).map { story.isReady("each[\($0)]") } == [true, true, false, false])
        #expect(story["each[2]"].reason == "waits for its turn")
        try story.succeed("each[1]")
        #expect((0..<4).map { story.isReady("each[\($0)]") } == [true, false, true, false])
        try story.succeed("each[0]")
        try story.succeed("each[2]")
        try story.succeed("each[3]")
        #expect(story.state.run.status == .succeeded)
    }

    static let sources: [(list: String, value: JSONValue, count: Int)] = [
        ("find", ["a", "b"], 2), ("find.files", ["files": ["x"]], 1), ("find.files", ["files": #"["x", "y", "z"]"#], 3),
        ("find", [], 0),
    ]

    @Test(arguments: sources)
    func theListMayComeFromAnEarlierTask(list: String, value: JSONValue, count: Int) throws {
        var story = try RunStory([task("find"), task("each", forEach: Self.over(list))])
        try story.succeed("find", value)
        #expect(story.state.tasks.count == 2 + count)
        for element in 0..<count { try story.succeed("each[\(element)]") }
        #expect(story.state.run.status == .succeeded)
    }

    static let noLists: [(value: JSONValue?, says: String)] = [
        (nil, "'find', over which the task runs, has no value, not a list."), (7, "is a number"), ("abc", "is a text"),
        (.array(Array(repeating: 1, count: 5_001)), "has 5001 elements; a task runs over at most 5000"),
    ]

    @Test(arguments: noLists)
    func whatIsNoListFailsTheTask(value: JSONValue?, says: String) throws {
        var story = try RunStory([task("find"), task("each", forEach: Self.over("find"))])
        try story.succeed("find", value)
        #expect(story["each"].state == .failed)
        #expect(story["each"].failure?.message.contains(says) == true, "\(story["each"].failure?.message ?? "")")
        #expect(story.state.run.status == .failed)
    }

    @Test func aFailedElementFailsTheTaskAndEndsItsSiblingsThatWait() throws {
        var story = try RunStory(
            [task("each", forEach: Self.over("n", 2)), task("after")], parameters: ["n": [1, 2, 3]])
        try story.lease("each[0]")
        try story.fail("each[1]")
        #expect(story["each[2]"].state == .notRun)
        #expect(story["each"].state == .running)
        try story.end("each[0]", .outcome(.succeeded(value: nil)))
        #expect(story["each"].state == .failed)
        #expect(story["each"].reason == "1 of 3 elements failed; the first, 1.1[1]: no such table: t")
        #expect(story["after"].state == .notRun)
    }

    @Test func elementsGoOnWhereTheJobSaysSo() throws {
        var story = try RunStory(
            [task("each", forEach: Self.over("n", 1))], parameters: ["n": [1, 2, 3]]
        ) { $0.onFailure = .continue }
        try story.fail("each[0]")
        try story.succeed("each[1]")
        try story.succeed("each[2]")
        #expect(story["each"].state == .failed)
    }

    @Test func elementsAreTriedAgainOneByOne() throws {
        let retries = RetryPolicy(count: 1, delay: 5, jitter: 0)
        var story = try RunStory(
            [task("each", retries: retries, forEach: Self.over("n"))], parameters: ["n": [1, 2]])
        try story.fail("each[0]")
        #expect(story["each[0]"].state == .pending)
        try story.succeed("each[1]")
        try story.apply(.timePassed, after: 5)
        try story.succeed("each[0]")
        #expect(story.state.run.status == .succeeded)
    }

    @Test func stoppingEndsTheElements() throws {
        var story = try RunStory([task("each", forEach: Self.over("n", 1))], parameters: ["n": [1, 2]])
        try story.lease("each[0]")
        try story.apply(.stop(by: "dana"))
        #expect(story["each[1]"].state == .notRun)
        try story.end("each[0]", .terminated(by: "dana"))
        #expect(story["each"].state == .terminated)
        #expect(story.state.run.status == .failed)

        var one = try RunStory(
            [task("each", forEach: Self.over("n", 1)), task("b", after: [])], parameters: ["n": [1, 2]])
        try one.lease("each[0]")
        try one.apply(.stopTask(index: 0, by: "dana"))
        #expect(one["each[1]"].state == .terminated)
        try one.end("each[0]", .terminated(by: "dana"))
        #expect(one["each"].state == .terminated)
        #expect(one.state.run.status == .failed)
    }

    @Test func resultsThatAreTooLargeTogetherAreNotPassedOn() throws {
        var story = try RunStory([task("each", forEach: Self.over("n"))], parameters: ["n": [1, 2]])
        let large = JSONValue.string(String(repeating: "x", count: 40_000))
        try story.succeed("each[0]", large)
        try story.succeed("each[1]", large)
        #expect(story["each"].state == .succeeded)
        #expect(story["each"].value == nil)
        #expect(story["each"].reason?.contains("more than the 65536") == true)
    }

    @Test func aGroupEndsWhenAFailureGivesUpItsLastElements() throws {
        var story = try RunStory(
            [task("each", forEach: Self.over("n", 1)), task("b", after: [])], parameters: ["n": [1, 2]])
        try story.fail("each[0]")
        #expect(story["each[1]"].state == .notRun)
        #expect(story["each"].state == .failed)

        var other = try RunStory(
            [task("each", forEach: Self.over("n")), task("b", after: [])], parameters: ["n": [1, 2]])
        try other.fail("b")
        #expect(other.states == [.notRun, .failed, .notRun, .notRun])
        #expect(other.state.run.status == .failed)
    }
}
