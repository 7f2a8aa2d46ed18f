import Foundation
import SluiceCore
import Testing

@Suite struct JobFileTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var document: String
        var code: String
        var path: String
        var says: String
    }

    static let long = String(repeating: "n", count: 129)

    static func file(_ tasks: String, name: String = "job") -> String {
        #"{"format":"sluice.job/1","name":"\#(name)","tasks":[\#(tasks)]}"#
    }

    static let refusals: [Refusal] = [
        Refusal(
            testDescription: "not JSON", document: #"{"format": "sluice.job/1",, }"#, code: "json.malformed", path: "",
            says: "not valid JSON"),
        Refusal(
            testDescription: "not an object", document: "[1]", code: "job-file.not-an-object", path: "",
            says: "this one is a list"),
        Refusal(
            testDescription: "no format", document: #"{"name":"j","tasks":[]}"#, code: "job-file.format",
            path: "format", says: "it says none"),
        Refusal(
            testDescription: "a newer format", document: #"{"format":"sluice.job/9","name":"j","tasks":[]}"#,
            code: "job-file.format", path: "format", says: "sluice.job/9"),
        Refusal(
            testDescription: "a misspelt field", document: file(#"{"name":"a","script":"a.sql","atfer":[]}"#),
            code: "job-file.unknown-field", path: "tasks[0].atfer", says: "after"),
        Refusal(
            testDescription: "a number for a name", document: file(#"{"name":1,"script":"a.sql"}"#),
            code: "job-file.wrong-type", path: "tasks[0].name", says: "must be text, not number"),
        Refusal(
            testDescription: "no script", document: file(#"{"name":"a"}"#), code: "job-file.missing-field",
            path: "tasks[0].script", says: "required"),
        Refusal(
            testDescription: "a null script", document: file(#"{"name":"a","script":null}"#),
            code: "job-file.missing-field", path: "tasks[0].script", says: "required"),
        Refusal(
            testDescription: "no tasks", document: file(""), code: "job.empty", path: "tasks",
            says: "at least one task"),
        Refusal(
            testDescription: "an unknown task", document: file(#"{"name":"a","script":"a.sql","after":["b"]}"#),
            code: "task.unknown-after", path: "tasks[0].after", says: "no task of that name"),
        Refusal(
            testDescription: "a cycle",
            document: file(
                #"{"name":"a","script":"a.sql","after":["c"]},{"name":"b","script":"a.sql"},{"name":"c","script":"a.sql"}"#
            ),
            code: "job.cycle", path: "tasks[0].after", says: "'a' → 'b' → 'c' → 'a'"),
        Refusal(
            testDescription: "a task after itself", document: file(#"{"name":"a","script":"a.sql","after":["a"]}"#),
            code: "job.cycle", path: "tasks[0].after", says: "'a' → 'a'"),
        Refusal(
            testDescription: "two tasks of one name",
            document: file(#"{"name":"a","script":"a.sql"},{"name":"a","script":"b.sql"}"#),
            code: "task.duplicate-name", path: "tasks[1].name", says: "tasks[0]"),
        Refusal(
            testDescription: "a job name of 129 characters",
            document: file(#"{"name":"a","script":"a.sql"}"#, name: long), code: "job.name-too-long", path: "name",
            says: "128 characters; this one has 129"),
        Refusal(
            testDescription: "a task name of 129 characters", document: file(#"{"name":"\#(long)","script":"a.sql"}"#),
            code: "task.name-too-long", path: "tasks[0].name", says: "129"),
        Refusal(
            testDescription: "a line break in a name", document: file(#"{"name":"a\nb","script":"a.sql"}"#),
            code: "task.name-control", path: "tasks[0].name", says: "control characters"),
        Refusal(
            testDescription: "a path out of the bucket", document: file(#"{"name":"a","script":"../a.py"}"#),
            code: "task.script-name", path: "tasks[0].script", says: "'..'"),
        Refusal(
            testDescription: "a description of 256 characters",
            document: file(
                #"{"name":"a","script":"a.sql","description":"\#(String(repeating: "d", count: 256))"}"#),
            code: "description.too-long", path: "tasks[0].description", says: "255"),
    ]

    @Test(arguments: refusals)
    func badFilesAreRefusedByName(_ refusal: Refusal) throws {
        let error = try #require(throws: DefinitionError.self) {
            try JobFile.read(Data(refusal.document.utf8))
        }
        #expect(error.code == refusal.code)
        #expect(error.problems[0].path == refusal.path)
        #expect(error.message.contains(refusal.says))
        #expect(error.category == .badInput)
    }

    @Test(arguments: [
        ("{\n  \"format\": oops\n}", "line 2, column 13"),
        (#"{"a": 1,, }"#, "line 1, column 9"),
        ("", "line 1, column 1: a value is expected here, not the end"),
        (#"{"a": 1} x"#, "'x' after the end"),
        (#"{"a": "b"#, "line 1, column 7: this text is never closed"),
        (#"{"a" 1}"#, "':' is expected"),
        (#"{"a": [1, 2}"#, "',' or ']' is expected"),
        ("{\"a\": \"b\nc\"}", "control character"),
        (#"{"a": tru}"#, "'true' is expected"),
        (#"{"format":"sluice.job/1","name":"a","name":"b"}"#, "line 1, column 37: this name stands twice"),
        (#"{"format":"sluice.job/1","name":"j","parameters":{"a":1e999}}"#, "a number in it is too large"),
        (String(repeating: "[", count: 5_000), "nested deeper"),
    ])
    func malformedJSONSaysWhere(document: String, says: String) throws {
        let error = try #require(throws: DefinitionError.self) { try JobFile.read(Data(document.utf8)) }
        #expect(error.code == "json.malformed")
        #expect(error.message.contains(says), "\(error.message)")
    }

    @Test func everyProblemIsNamedAtOnce() throws {
        let error = try #require(throws: DefinitionError.self) {
            try JobFile.read(Data(Self.file(#"{"name":1,"script":"a.sql"},{"nam":"b","script":"a.sql"}"#).utf8))
        }
        #expect(error.problems.map(\.path) == ["tasks[0].name", "tasks[1].name", "tasks[1].nam"])
    }

    @Test func writingAndReadingGivesTheSameJob() throws {
        let job = JobDefinition(
            name: "Flüge 航班", description: "d", parameters: ["day": "monday", "n": 3, "x": nil],
            tasks: [
                TaskDefinition(name: "a", script: "etl/a.py", after: [], pool: "etl"),
                TaskDefinition(
                    name: "b", description: "b", script: "b.sql", kind: .sql, after: ["a"], database: "master",
                    schema: "reporting", connection: "local", parameters: ["k": [1, 2.5, true]]),
                TaskDefinition(name: "c", script: "c.sql"),
            ])
        #expect(try JobFile.read(JobFile.write(job)) == job)
    }

    @Test func namesOf128CharactersAreFine() throws {
        let name = String(repeating: "é", count: 128)
        let job = try JobFile.read(Data(Self.file(#"{"name":"\#(name)","script":"a.sql"}"#, name: name).utf8))
        #expect(job.name.count == 128)
    }

    @Test func aRunMayOverrideDeclaredParametersOnly() throws {
        let job = JobDefinition(
            name: "j", parameters: ["day": "monday"], tasks: [TaskDefinition(name: "a", script: "a.sql")])
        #expect(try job.resolvedParameters(["day": "friday"]) == ["day": "friday"])
        let error = try #require(throws: DefinitionError.self) { try job.resolvedParameters(["dya": "friday"]) }
        #expect(error.message.contains("It declares: day."))
    }
}
