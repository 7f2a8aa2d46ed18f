import Foundation
import Sluice
import Testing

/// Runs that are repeated, resumed, stopped in part, and shown with all that became of them.
@Suite(.ownThreads) struct RunsCommandTests {
    @Test func aRerunIsANewRunOfTheSame() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("bucket/a.py", "import sluice\nprint('for', sluice.params['who'])")
        try sluice.sync()
        try sluice.write(
            "j.job.json",
            #"{"format":"sluice.job/1","name":"J","parameters":{"who":"nobody"},"tasks":[{"name":"a","script":"a.py"}]}"#
        )
        let first = try sluice.run("run", sluice.path("j.job.json"), "--param", "who=Ada", "--json").document
        let again = try sluice.run("runs", "rerun", "1", "--json")
        #expect(again.status == 0, "\(again.errors)")
        let document = try again.document
        #expect(document["id"] == 2)
        #expect(document["rerunOf"] == 1)
        #expect(document["trigger"] == "rerun")
        #expect(document["parameters"]?["who"] == "Ada")
        #expect(document["nominalTime"] == first["nominalTime"])
        #expect(try sluice.run("logs", "2.1").output == "for Ada\n")
        #expect(try sluice.run("runs", "show", "2").output.contains("rerun of run 1 by"))
        #expect(try sluice.run("runs", "rerun", "9").status == 2)
    }

    @Test func aFailedRunGoesOnFromItsFailedTasks() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.py", "print('once')"), ("b.py", "print('first')\nraise SystemExit(4)"), ("c.sql", "SELECT 1 AS one;"),
        ])
        #expect(try sluice.run("run", job).status == 1)
        try sluice.write("bucket/b.py", "print('second')")
        try sluice.sync()
        let again = try sluice.run("runs", "rerun", "1", "--failed")
        #expect(again.status == 0, "\(again.output)\(again.errors)")
        #expect(again.output.contains("run 1 · goes on · 2 of 3 tasks"))
        #expect(again.output.contains("t2: Running, attempt 2"))
        #expect(!again.output.contains("t1:") && !again.output.contains("| first"), "\(again.output)")
        let shown = try sluice.run("runs", "show", "1", "--json").document
        #expect(shown["status"] == "succeeded")
        #expect(shown["tasks"]?[0]?["attempt"] == 1)
        #expect(shown["tasks"]?[1]?["attempt"] == 2)
        #expect(shown["tasks"]?[1]?["attempts"]?[0]?["state"] == "failed")
        #expect(shown["tasks"]?[2]?["attempt"] == 1)
        #expect(try sluice.run("logs", "1.2#1").output.hasPrefix("first\n"))
        #expect(try sluice.run("logs", "1.2#2").output == "second\n")
        #expect(try sluice.run("runs", "show", "1").output.contains("1.2#1"))
        let refused = try sluice.run("runs", "rerun", "1", "--failed")
        #expect(refused.status == 2 && refused.errors.contains("only one that has failed"), "\(refused.errors)")
    }

    @Test func aSQLScriptGoesOnBehindWhatCompleted() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let head = "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\n"
        let job = try sluice.job(over: [
            ("a.sql", head + "INSERT INTO nowhere VALUES (2);\nINSERT INTO t VALUES (3);\n"),
            ("b.sql", "SELECT group_concat(a) AS all_of_it FROM t;"),
        ])
        #expect(try sluice.run("run", job).status == 1)
        let early = try sluice.run("runs", "resume", "1", "--statement", "4")
        #expect(early.status == 2 && early.errors.contains("did not complete"), "\(early.errors)")

        // A statement that ran must be what it was.
        try sluice.write("workbench/a.sql", "CREATE TABLE t (a, b);\nINSERT INTO t VALUES (1);\nSELECT 1;\n")
        try sluice.sync()
        let changed = try sluice.run("runs", "resume", "1", "--json")
        #expect(changed.status == 2)
        #expect(try JSONValue(parsing: Data(changed.errors.utf8))["error"]?["code"] == "resume.changed")

        try sluice.write("workbench/a.sql", head + "INSERT INTO t VALUES (2);\nINSERT INTO nowhere VALUES (3);\n")
        try sluice.sync()
        let second = try sluice.run("runs", "resume", "1")
        #expect(second.status == 1, "\(second.errors)")
        #expect(second.output.contains("1.1 goes on at statement 3, line 3."), "\(second.output)")
        #expect(second.output.contains("Statements 1 to 2: not sent again."), "\(second.output)")

        // The second attempt began at statement 3, and what it did is not done again either.
        try sluice.write("workbench/a.sql", head + "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n")
        try sluice.sync()
        let third = try sluice.run("runs", "resume", "1", "--task", "t1", "--json")
        #expect(third.status == 0, "\(third.errors)")
        let document = try third.document
        #expect(document["tasks"]?[0]?["attempt"] == 3)
        #expect(document["tasks"]?[1]?["value"]?["all_of_it"] == "1,2,3")
    }

    @Test func aStatementOfUnknownEffectIsNeverSkippedOrRepeatedUnasked() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;"
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);\n\(endless)\nINSERT INTO t VALUES (3);")])
        let quick = try sluice.job(["b.sql"], name: "Quick", file: "quick.job.json")
        try sluice.write("workbench/b.sql", "SELECT 1 AS one;")
        try sluice.sync()
        let running = try sluice.start(["run", job])
        // Whatever becomes of the test, the endless statement ends with it.
        defer { if running.process.isRunning { kill(running.process.processIdentifier, SIGKILL) } }
        func started() throws -> Bool {
            let shown = try sluice.run("runs", "show", "1", "--json")
            guard shown.status == 0 else { return false }
            return try shown.document["tasks"]?[0]?["steps"]?[1]?["state"] == "unknown"
        }
        while try !started() { try #require(running.process.isRunning) }
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()
        #expect(try sluice.run("run", quick).status == 0, "it ends what the dead one left")

        let shown = try sluice.run("runs", "show", "1").output
        #expect(shown.contains("Statement 1 completed."), "\(shown)")
        #expect(shown.contains("Statement 2, at line 2, was sent; whether it took effect is unknown"), "\(shown)")
        let asked = try sluice.run("runs", "resume", "1")
        #expect(asked.status == 2 && asked.errors.contains("--unknown skip or --unknown repeat"), "\(asked.errors)")
        let resumed = try sluice.run("runs", "resume", "1", "--unknown", "skip", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try resumed.document["tasks"]?[0]?["steps"]?[0]?["index"] == 2)
    }

    @Test func pythonScriptsHaveNoStatementsToGoOnAt() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.py", "raise SystemExit(1)")])
        #expect(try sluice.run("run", job).status == 1)
        let refused = try sluice.run("runs", "resume", "1")
        #expect(refused.status == 2 && refused.errors.contains("runs rerun 1 --failed"), "\(refused.errors)")
    }

    @Test func elementsStandBelowTheirTask() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write(
            "bucket/a.py",
            "import sluice\nprint('for', sluice.params['item'])\nif sluice.params['item'] == 'south': raise SystemExit(1)"
        )
        try sluice.write("workbench/b.sql", "SELECT 1;")
        try sluice.sync()
        try sluice.write(
            "j.job.json",
            """
            {"format": "sluice.job/1", "name": "J", "parameters": {"regions": ["north", "south", "west"]},
             "tasks": [{"name": "load", "script": "a.py", "forEach": {"in": "regions"}}, {"name": "b", "script": "b.sql"}],
             "onFailure": "continue"}
            """)
        let run = try sluice.run("run", sluice.path("j.job.json"))
        #expect(run.status == 1, "\(run.errors)")
        #expect(run.output.contains("load[0] | for north\n"), "\(run.output)")
        let document = try sluice.run("runs", "show", "1", "--json").document
        let names = (0..<5).map { document["tasks"]?[$0]?["id"]?.text }
        #expect(names == ["1.1", "1.1[0]", "1.1[1]", "1.1[2]", "1.2"])
        #expect(document["tasks"]?[2]?["element"] == 1)
        #expect(document["tasks"]?[2]?["item"] == "south")
        let shown = try sluice.run("runs", "show", "1").output
        #expect(shown.contains("2 of 3 elements done, 1 failed"), "\(shown)")
        #expect(shown.contains("[1] \"south\""), "\(shown)")
        #expect(try sluice.run("logs", "1.1[2]").output == "for west\n")
        #expect(try sluice.run("logs", "1/load[1]").output.hasPrefix("for south\n"))
        let unknown = try sluice.run("logs", "1/load[3]")
        #expect(unknown.status == 2 && unknown.errors.contains("it has 3 elements, from 0"), "\(unknown.errors)")
        #expect(try sluice.run("logs", "1.2[0]").errors.contains("has no elements"))
    }

    @Test func oneTaskCanBeStopped() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("bucket/a.py", WaitingScript.text(sluice))
        try sluice.write("workbench/b.sql", "SELECT 1 AS one;")
        try sluice.sync()
        try sluice.write(
            "j.job.json",
            """
            {"format": "sluice.job/1", "name": "J", "tasks": [
              {"name": "a", "script": "a.py"}, {"name": "b", "script": "b.sql", "runIf": "anyFailed"}]}
            """)
        let server = try await Server(sluice)
        let running = try sluice.start(["run", sluice.path("j.job.json")])
        try await WaitingScript.waitUntilHere(sluice, running)
        let stopped = try sluice.run("runs", "stop", "1", "--task", "a")
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(stopped.output.hasPrefix("Task 1.1 'a' has ended: Failed: terminated by "), "\(stopped.output)")
        #expect(try running.wait().status == 1)
        let document = try sluice.run("runs", "show", "1", "--json").document
        #expect(document["tasks"]?[0]?["state"] == "terminated")
        #expect(document["tasks"]?[1]?["state"] == "succeeded", "the rest of the run went on")
        #expect(try server.stop().status == 0)
    }

    @Test func secretsOfParametersAreNotShown() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("workbench/a.sql", "SELECT 1 AS one;")
        try sluice.sync()
        try sluice.write(
            "j.job.json",
            """
            {"format": "sluice.job/1", "name": "J", "parameters": {"password": "tr0ub4dor", "url": "x"},
             "tasks": [{"name": "a", "script": "a.sql", "parameters": {"api_key": "c0rrecthorse"}}]}
            """)
        let job = sluice.path("j.job.json")
        try sluice.run("job", "import", "--save", job)
        try sluice.run("run", "J", "--param", "url=https://ada:b4ttery@example.org/")
        for command in [["runs", "show", "1"], ["job", "show", "J"], ["runs"]] {
            for arguments in [command, command + ["--json"]] {
                let said = try sluice.start(arguments).wait()
                #expect(said.status == 0, "\(said.errors)")
                for secret in ["tr0ub4dor", "c0rrecthorse", "b4ttery"] {
                    #expect(!said.output.contains(secret), "\(arguments): \(said.output)")
                }
            }
        }
        #expect(try sluice.run("job", "export", "J").output.contains("tr0ub4dor"), "a job file is whole")
    }
}
