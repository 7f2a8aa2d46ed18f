import Foundation
import Sluice
import Testing

/// Every kind of bad input: the message, the exit code, and that the next command works.
@Suite(.ownThreads) struct BadInputTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var scripts: [Script] = []
        /// The job file's text; nil means a job over the scripts.
        var file: String?
        var status: Int32
        /// What standard error or standard output must say.
        var says: [String]

        struct Script: Sendable {
            var name: String
            var text: String
        }

        static func job(_ tasks: String) -> String { #"{"format":"sluice.job/1","name":"Job","tasks":[\#(tasks)]}"# }
    }

    static let long = String(repeating: "n", count: 129)
    static let forty: String = (1...40).map { $0 == 17 ? "SELECT * FROM nowhere;" : "SELECT \($0);" }.joined(
        separator: "\n")

    static let jobFiles: [Mistake] = [
        Mistake(
            testDescription: "a job file that is not JSON", file: "{\n  \"format\": oops", status: 2,
            says: ["not valid JSON", "line 2, column 13"]),
        Mistake(
            testDescription: "an unknown script", scripts: [.init(name: "clean.sql", text: "CREATE TABLE t (a);")],
            file: Mistake.job(#"{"name":"a","script":"claen.sql"}"#), status: 2,
            says: ["tasks[0].script", "'claen.sql'", "'clean.sql'"]),
        Mistake(
            testDescription: "an unknown task", file: Mistake.job(#"{"name":"a","script":"a.sql","after":["z"]}"#),
            status: 2, says: ["tasks[0].after", "'z'"]),
        Mistake(
            testDescription: "an unknown kind", scripts: [.init(name: "a.sql", text: "CREATE TABLE t (a);")],
            file: Mistake.job(#"{"name":"a","script":"a.sql","kind":"cobol"}"#), status: 2,
            says: ["'cobol'", "python, sql"]),
        Mistake(
            testDescription: "an unknown pool", scripts: [.init(name: "a.sql", text: "CREATE TABLE t (a);")],
            file: Mistake.job(#"{"name":"a","script":"a.sql","pool":"etl"}"#), status: 2, says: ["'etl'", "default"]),
        Mistake(
            testDescription: "a pool that only the script names",
            scripts: [.init(name: "a.sql", text: "USE POOL etl; CREATE TABLE t (a);")], status: 2,
            says: ["'etl'", "tasks[0].script"]),
        Mistake(
            testDescription: "a cycle",
            file: Mistake.job(
                #"{"name":"a","script":"a.sql","after":["b"]},{"name":"b","script":"a.sql","after":["a"]}"#),
            status: 2, says: ["circle", "'a' → 'b' → 'a'"]),
        Mistake(
            testDescription: "a task name of 129 characters",
            file: Mistake.job(#"{"name":"\#(long)","script":"a.sql"}"#), status: 2, says: ["tasks[0].name", "129"]),
        Mistake(
            testDescription: "a job name of 129 characters",
            file: #"{"format":"sluice.job/1","name":"\#(long)","tasks":[{"name":"a","script":"a.sql"}]}"#, status: 2,
            says: ["name: ", "129"]),
    ]

    static let sqlScripts: [Mistake] = [
        Mistake(
            testDescription: "an unterminated quote", scripts: [.init(name: "a.sql", text: "SELECT 1;\n  SELECT 'x")],
            status: 2, says: ["tasks[0].script", "line 2, column 10", "never closed"]),
        Mistake(
            testDescription: "an unterminated comment", scripts: [.init(name: "a.sql", text: "SELECT 1 /* x")],
            status: 2, says: ["comment"]),
        Mistake(
            testDescription: "an unknown database",
            scripts: [.init(name: "a.sql", text: "USE DATABASE nowhere; CREATE TABLE t (a);")], status: 1,
            says: ["nowhere", "master"]),
        Mistake(
            testDescription: "an unknown schema",
            scripts: [.init(name: "a.sql", text: "USE SCHEMA nowhere; CREATE TABLE t (a);")], status: 1,
            says: ["nowhere", "public"]),
        Mistake(
            testDescription: "an error in statement 17 of 40", scripts: [.init(name: "a.sql", text: forty)], status: 1,
            says: ["a.sql:17", "nowhere", "statement 17 of 40", "^"]),
        Mistake(
            testDescription: "Blue Scripting", scripts: [.init(name: "a.sql", text: "@@ Declare x = 3;")], status: 2,
            says: ["@@"]),
        Mistake(
            testDescription: "a transaction left open",
            scripts: [.init(name: "a.sql", text: "CREATE TABLE t (a);\nBEGIN;\nINSERT INTO t VALUES (1);")], status: 1,
            says: ["The transaction that line 2 opens is still open"]),
    ]

    static let pythonScripts: [Mistake] = [
        Mistake(
            testDescription: "a syntax error", scripts: [.init(name: "a.py", text: "x = 1\nif x\n  pass\n")], status: 2,
            says: ["tasks[0].script", "a.py:2:5"]),
        Mistake(
            testDescription: "a missing module", scripts: [.init(name: "a.py", text: "import nowhere_at_all")],
            status: 1, says: ["No module named 'nowhere_at_all'"]),
        Mistake(
            testDescription: "sys.exit(3)", scripts: [.init(name: "a.py", text: "import sys\nsys.exit(3)")], status: 1,
            says: ["exit status 3"]),
        Mistake(
            testDescription: "an exception",
            scripts: [.init(name: "a.py", text: "def f():\n    raise ValueError('bad day')\n\nf()")], status: 1,
            says: ["a.py", "line 2", "ValueError: bad day"]),
        Mistake(
            testDescription: "a segfault",
            scripts: [.init(name: "a.py", text: "import ctypes\nprint('before', flush=True)\nctypes.string_at(0)")],
            status: 1, says: ["before", "SIGSEGV"]),
        Mistake(
            testDescription: "requirements that do not exist",
            scripts: [
                .init(
                    name: "a.py",
                    text: "# /// script\n# dependencies = ['no-such-package-of-sluice==9.9']\n# ///\nprint('never')")
            ],
            status: 1, says: ["no-such-package-of-sluice"]),
        Mistake(
            testDescription: "a broken header",
            scripts: [.init(name: "a.py", text: "# /// script\n# dependencies = oops\n# ///\n")], status: 2,
            says: ["tasks[0].script"]),
    ]

    @Test(arguments: jobFiles + sqlScripts + pythonScripts)
    func aMistakeIsNamedAndTheNextCommandWorks(_ mistake: Mistake) throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job: String
        if mistake.scripts.isEmpty {
            job = sluice.path("job.job.json")
        } else {
            job = try sluice.job(over: mistake.scripts.map { ($0.name, $0.text) })
        }
        if let file = mistake.file { try sluice.write("job.job.json", file) }

        let result = try sluice.run("run", job)
        let said = result.output + result.errors
        #expect(result.status == mistake.status, "\(said)")
        for words in mistake.says { #expect(said.contains(words), "'\(words)' is missing in: \(said)") }
        if mistake.status == 2 {
            #expect(result.errors.hasPrefix("Error: "), "\(result.errors)")
            // Nothing half-written: a refused run leaves no trace.
            let runs = try sluice.run("runs", "--json")
            let none = runs.status == 2 ? .array([]) : try runs.document["runs"]
            #expect(none == .array([]))
        }

        let next = try sluice.job(over: [("fine.sql", "CREATE TABLE fine (a);")])
        #expect(try sluice.run("run", next).status == 0)
    }

    @Test(arguments: [
        (["run"], "Missing expected argument"),
        (["nonsense"], "nonsense"),
        (["run", "nowhere.job.json"], "There is no file nowhere.job.json"),
        (["run", "Nobody's job"], "no data folder"),
        (["runs", "show", "12"], "no data folder"),
        (["job", "import"], "Missing expected argument"),
        (["job", "import", "x.json", "--replace"], "--replace goes with --save"),
        (["plan", "nowhere.sql"], "There is no file 'nowhere.sql'"),
        (["sync"], "Name a folder"),
        (["sync", "--bucket", "nowhere"], "nowhere"),
        (["sync", "--bucket", ""], "its value is empty"),
        (["plan", "x.sql", "--dialect", "oracle"], "oracle"),
        (["runs", "--limit", "0"], "--limit"),
    ])
    func badUsageExitsWithTwo(arguments: [String], says: String) throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let result = try sluice.start(arguments).wait()
        #expect(result.status == 2, "\(result.output)\(result.errors)")
        #expect(result.errors.contains(says), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [("postgres", "SELECT $a$ x"), ("blue", "SELECT 1;\nSELECT $tag$ x $Tag$")])
    func anUnterminatedDollarTagIsNamedWithItsPlace(dialect: String, text: String) throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("a.sql", text)
        let result = try sluice.run("plan", sluice.path("a.sql"), "--dialect", dialect)
        #expect(result.status == 2)
        let place = dialect == "blue" ? "$tag$ opens at line 2, column 8" : "$a$ opens at line 1, column 8"
        #expect(result.errors.contains(place), "\(result.errors)")
    }

    @Test func aSyncOfAFolderThatIsNotThereChangesNothing() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("workbench/a.sql", "SELECT 1;")
        let refused = try sluice.run(
            "sync", "--workbench", sluice.path("workbench"), "--bucket", sluice.path("nowhere"))
        #expect(refused.status == 2)
        #expect(refused.errors.contains(sluice.path("nowhere")))
        #expect(try sluice.run("scripts", "--json").document["scripts"] == .array([]))
        #expect(try sluice.run("sync", "--workbench", sluice.path("workbench")).status == 0)
        #expect(try sluice.run("sync").status == 0, "the folder that was not there is not remembered")
    }

    @Test func outputThatCannotBeWrittenIsAFault() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.sync()
        let process = Process()
        process.executableURL = CommandLine.products.appendingPathComponent("sluice")
        process.arguments = ["scripts", "--json", "--data", sluice.data.path]
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = try errors.fileHandleForReading.readToEnd().map { String(decoding: $0, as: UTF8.self) } ?? ""
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        #expect(said.contains("No space left on device"), "\(said)")
    }

    @Test(arguments: [["run", "--json"], ["runs", "show", "abc", "--json"], ["nonsense", "--json"]])
    func usageErrorsAreJSONForProgramsToo(arguments: [String]) throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let result = try sluice.start(arguments).wait()
        #expect(result.status == 2)
        #expect(try JSONValue(parsing: Data(result.errors.utf8))["error"]?["code"] == "usage.invalid")
    }

    @Test func errorsAreJSONForPrograms() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("job.job.json", Mistake.job(#"{"nam":"a","script":"a.sql"}"#))
        let result = try sluice.run("run", sluice.path("job.job.json"), "--json")
        #expect(result.status == 2)
        let error = try JSONValue(parsing: Data(result.errors.utf8))["error"]
        #expect(error?["code"] == "job-file.missing-field")
        #expect(error?["problems"]?[1]?["path"] == "tasks[0].nam")
    }
}
