import Foundation
import SluiceCore
import Testing

@Suite("The published JSON Schema of the job file says what the engine reads")
struct JobSchemaTests {
    private static let schema = "Fixtures/schemas/sluice.job-1.schema.json"

    @Test("The schema is a valid one, and the demo job is valid by it")
    func demoJob() async throws {
        let demo = try House.text("Fixtures/flights.job.json")
        #expect(try await verdicts([demo]) == [true])
        #expect(throws: Never.self) { try JobFile.read(Data(demo.utf8)) }
    }

    @Test("What the engine writes is valid by the schema")
    func writtenFiles() async throws {
        let least = JobDefinition(name: "j", tasks: [TaskDefinition(name: "t", script: "t.sql")])
        var most = JobDefinition(
            name: String(repeating: "j", count: 128), description: String(repeating: "d", count: 255),
            parameters: [
                "day": JobParameter(.date, default: "2013-01-01", description: "d"), "top": 5,
                "must": JobParameter(.any),
                "deep": JobParameter(default: ["list": [1, 2.5, nil, true]]), "list": ["a", nil],
            ],
            tasks: [
                TaskDefinition(name: "first", script: "etl/first.py", after: []),
                TaskDefinition(
                    name: "second", description: "d", script: "second", kind: .sql, after: ["first"], pool: "etl",
                    database: "master", schema: "reporting", connection: "local", parameters: ["top": 6],
                    retries: RetryPolicy(
                        count: 3, delay: 0.5, factor: 1, cap: 9, jitter: 0, except: ["sql.*", "python.exit"]),
                    limits: TaskLimits(queue: 1, attempt: 2.5, total: 3), idempotent: true,
                    forEach: ForEach(list: "list", concurrency: 4)),
                TaskDefinition(name: "third", script: "t.sql", runIf: .anyFailed, retries: RetryPolicy(count: 1)),
            ], finally: TaskDefinition(name: "tidy", script: "tidy.sql"))
        most.timeLimit = 3_600
        most.maxConcurrentRuns = 2
        most.onFailure = .continue
        most.priority = -5
        let written = [least, most].map { String(decoding: JobFile.write($0), as: UTF8.self) }
        #expect(try await verdicts(written) == [true, true])
        #expect(try [least, most].map { try JobFile.read(JobFile.write($0)) } == [least, most])
    }

    @Test("Schema and engine agree on every sample")
    func samples() async throws {
        let samples = Self.agreed
        let verdicts = try await verdicts(samples)
        for (sample, bySchema) in zip(samples, verdicts) {
            #expect(bySchema == Self.isReadable(sample), "schema says \(bySchema): \(sample)")
        }
        #expect(verdicts.contains(true) && verdicts.contains(false))
    }

    @Test("Some rules go beyond a schema, as it says itself, and the engine holds to them")
    func engineRules() async throws {
        let samples = [
            #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"a"},{"name":"t","script":"b"}]}"#,
            #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"a","after":["u"]}]}"#,
            #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"a","after":["t"]}]}"#,
            #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"a","forEach":{"in":"x"}}]}"#,
            #"{"format":"sluice.job/1","name":"j","parameters":{"a":{"type":"date","default":"31 January"}},"tasks":[{"name":"t","script":"a"}]}"#,
        ]
        #expect(try await verdicts(samples) == samples.map { _ in true })
        #expect(samples.map(Self.isReadable) == samples.map { _ in false })
    }

    private static let last = #"{"name":"z","script":"z.sql"}"#

    /// Job files with one thing changed each.
    private static var agreed: [String] {
        let long = String(repeating: "n", count: 128)
        let jobs = [
            #"{}"#, #"[]"#, #""job""#, #"{"name":"j","tasks":[{"name":"t","script":"s"}]}"#,
            #"{"format":"sluice.job/2","name":"j","tasks":[{"name":"t","script":"s"}]}"#,
            #"{"format":"sluice.job/1","tasks":[{"name":"t","script":"s"}]}"#,
            #"{"format":"sluice.job/1","name":"j"}"#, #"{"format":"sluice.job/1","name":"j","tasks":[]}"#,
            #"{"format":"sluice.job/1","name":"j","tasks":{}}"#, #"{"format":"sluice.job/1","name":"j","tasks":["s"]}"#,
        ]
        let fields = [
            #""description":"d""#, #""description":null"#, #""description":7"#,
            #""description":"\#(long)\#(long.dropFirst())""#, #""description":"\#(long)\#(long)""#,
            #""parameters":{}"#, #""parameters":{"a":[1,{"b":null}]}"#, #""parameters":[]"#, #""parameters":null"#,
            #""parameters":{"a":{}}"#, #""parameters":{"a":{"type":"date"}}"#, #""parameters":{"a":{"type":"dat"}}"#,
            #""parameters":{"a":{"type":"any","default":{"b":1},"description":"d"}}"#, #""parameters":{"a":null}"#,
            #""parameters":{"a":{"type":"text","defualt":"b"}}"#, #""parameters":{"":1}"#,
            #""finally":\#(Self.last)"#, #""finally":{"name":"z"}"#, #""finally":[]"#, #""finally":null"#,
            #""timeLimit":0.5"#, #""timeLimit":0"#, #""timeLimit":-1"#, #""timeLimit":"1 h""#, #""timeLimit":null"#,
            #""timeLimit":315360000"#, #""timeLimit":315360001"#,
            #""maxConcurrentRuns":1"#, #""maxConcurrentRuns":0"#, #""maxConcurrentRuns":1.5"#,
            #""maxConcurrentRuns":1000"#, #""maxConcurrentRuns":1001"#,
            #""onFailure":"stop""#, #""onFailure":"continue""#, #""onFailure":"Stop""#, #""onFailure":true"#,
            #""priority":0"#, #""priority":-5"#, #""priority":5"#, #""priority":6"#, #""priority":-6"#,
            #""taks":[]"#, #""owner":"me""#,
        ]
        let names = [
            "j", long, long + "n", "", " ", "\\t", "a\\tb", "a\\nb", "ends\\n", "Fluglinien-Verspätung", "飛行機の遅れ",
            "a/b",
        ]
        let scripts = [
            "s.sql", "etl/load.py", "a b.sql", "ä.sql", ".hidden.py", "...", "a..b", "", "/a.sql", "a/", "a//b", "./a",
            "../a",
            "a/../b", "a/.", "..", ".", "a\\nb", "a\\n", "a\\u007f",
        ]
        let taskFields = [
            #""kind":"sql""#, #""kind":null"#, #""kind":1"#, #""after":[]"#, #""after":null"#, #""after":"t""#,
            #""after":[1]"#, #""pool":"etl""#, #""pool":"""#, #""pool":"\#(long)""#, #""pool":"\#(long)n""#,
            #""pool":null"#, #""database":"d""#, #""database":"""#, #""schema":"s""#, #""schema":5"#,
            #""connection":"local""#, #""connection":{}"#, #""parameters":{"a":1}"#, #""parameters":"a=1""#,
            #""runIf":"anyFailed""#, #""runIf":"any failed""#, #""runIf":null"#, #""runIf":1"#,
            #""retries":{"count":0}"#, #""retries":{"count":100}"#, #""retries":{"count":101}"#, #""retries":{}"#,
            #""retries":{"count":1,"delay":0}"#, #""retries":{"count":1,"delay":-1}"#,
            #""retries":{"count":1,"factor":1,"cap":10,"jitter":1,"except":["sql.*"]}"#,
            #""retries":{"count":1,"factor":0.5}"#, #""retries":{"count":1,"jitter":1.5}"#, #""retries":3"#,
            #""retries":{"count":1,"except":"sql.error"}"#, #""retries":{"count":1,"tries":2}"#, #""retries":null"#,
            #""limits":{}"#, #""limits":{"queue":1,"attempt":2.5,"total":3}"#, #""limits":{"queue":0}"#,
            #""limits":{"attempt":"1"}"#, #""limits":{"run":1}"#, #""limits":null"#, #""limits":[]"#,
            #""idempotent":true"#, #""idempotent":"yes""#, #""idempotent":null"#,
            #""forEach":{"in":7}"#, #""forEach":{}"#, #""forEach":"list""#, #""forEach":null"#,
            #""forEach":{"in":"x","concurrency":0}"#, #""forEach":{"in":"x","concurrency":5001}"#,
            #""afterwards":["t"]"#, #""description":"\#(long)\#(long)""#, #""description":true"#,
        ]
        let task = #"{"name":"t","script":"s"}"#
        return jobs
            + fields.map { #"{"format":"sluice.job/1","name":"j","tasks":[\#(task)],\#($0)}"# }
            + names.map { #"{"format":"sluice.job/1","name":"\#($0)","tasks":[\#(task)]}"# }
            + names.map { #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"\#($0)","script":"s"}]}"# }
            + scripts.map { #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"\#($0)"}]}"# }
            + taskFields.map { #"{"format":"sluice.job/1","name":"j","tasks":[{"name":"t","script":"s",\#($0)}]}"# }
            + [#"{"name":"t"}"#, #"{"script":"s"}"#, #"7"#].map {
                #"{"format":"sluice.job/1","name":"j","tasks":[\#($0)]}"#
            }
    }

    private static func isReadable(_ text: String) -> Bool { (try? JobFile.read(Data(text.utf8))) != nil }

    /// Whether each text is valid by the schema, as the PyPI package jsonschema says.
    private func verdicts(_ documents: [String]) async throws -> [Bool] {
        let program = """
            import json, sys
            from jsonschema import Draft202012Validator as Validator
            schema = json.load(open(sys.argv[1], encoding="utf-8"))
            Validator.check_schema(schema)
            validator = Validator(schema)
            documents = json.load(open(sys.argv[2], encoding="utf-8"))
            print(json.dumps([validator.is_valid(json.loads(document)) for document in documents]))
            """
        return try await House.withTemporaryFolder { folder in
            let list = folder.appending(path: "documents.json")
            try JSONEncoder().encode(documents).write(to: list)
            let check = try await TestPython.run(["-c", program, Self.schema, list.path])
            return try JSONDecoder().decode([Bool].self, from: check.output)
        }
    }
}
