import Foundation
import Sluice
import Testing

@Suite(.ownThreads) struct CommandTests {
    @Test func aJobOfSQLAndPythonRunsEndToEnd() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("make.sql", "CREATE TABLE numbers (n INTEGER); INSERT INTO numbers VALUES (1), (2), (3);"),
            (
                "sum.py",
                """
                import sluice
                from common import double
                total = sluice.connect().execute("SELECT sum(n) FROM numbers").fetchone()[0]
                print("total", total)
                sluice.result({"doubled": double(total)})
                """
            ),
            ("common.py", "def double(x):\n    return 2 * x\n"),
        ])
        try sluice.job(["make.sql", "sum.py"])
        let result = try sluice.run("run", job)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("t2 | total 6"))
        #expect(result.output.contains("Run 1: Completed Successfully"))
        #expect(!result.output.contains("\u{1B}"), "no colours and no cursor control where nobody looks")

        let shown = try sluice.run("runs", "show", "1", "--json").document
        #expect(shown["status"] == "succeeded")
        #expect(shown["label"] == "Completed Successfully")
        #expect(shown["tasks"]?[0]?["label"] == "Done")
        #expect(shown["tasks"]?[0]?["steps"]?[1]?["rowsChanged"] == 3)
        #expect(shown["tasks"]?[1]?["value"] == ["doubled": 12])
        #expect(try sluice.run("logs", "1.2").output == "total 6\n")
        #expect(try sluice.run("logs", "1/t2", "--json").document["entries"]?[0]?["text"] == "total 6")
    }

    @Test func runPrintsOneDocumentForPrograms() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "SELECT 1 AS one, 'x' AS two;"), ("b.py", "raise SystemExit(7)")])
        let result = try sluice.run("run", job, "--json")
        #expect(result.status == 1)
        let document = try result.document
        #expect(document["status"] == "failed")
        #expect(document["tasks"]?[0]?["steps"]?[0]?["preview"]?["rows"] == [[1, "x"]])
        #expect(document["tasks"]?[0]?["value"] == ["one": 1, "two": "x"])
        #expect(document["tasks"]?[1]?["failure"]?["exitStatus"] == 7)
    }

    @Test func aPlanShowsTheStatementsWithTheirPlaces() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("é.sql", "-- é\r\nUSE SCHEMA reporting;\nSELECT ';é', 1 ;\n")
        let plan = try sluice.run("plan", sluice.path("é.sql"), "--json").document
        #expect(plan["schema"] == "reporting")
        #expect(plan["database"] == "master")
        #expect(plan["pool"] == "default")
        let last = plan["statements"]?[1]
        #expect(last?["text"] == "SELECT ';é', 1")
        #expect(last?["line"] == 3)
        #expect(last?["column"] == 1)
        #expect(last?["start"] == 29)
        #expect(!FileManager.default.fileExists(atPath: sluice.data.path), "planning a file leaves nothing behind")
    }

    @Test(arguments: [("blue", 2), ("postgres", 1), ("sqlite", 2)])
    func theDialectDecidesHowAPlanReads(dialect: String, statements: Int) throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        // Comments nest in PostgreSQL only.
        try sluice.write("a.sql", "SELECT 1 /* a /* b */ ; SELECT 2 -- */")
        let plan = try sluice.run("plan", sluice.path("a.sql"), "--dialect", dialect, "--json")
        guard case .array(let found)? = try plan.document["statements"] else {
            Issue.record("there are no statements")
            return
        }
        #expect(found.count == statements)
    }

    @Test func aPlanOfAPythonScriptReadsItsHeader() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write(
            "a.py", "# /// script\n# dependencies = []\n# [tool.sluice]\n# schema = \"reporting\"\n# ///\nprint(1)\n")
        let result = try sluice.run("plan", sluice.path("a.py"), "--json")
        #expect(try result.document["schema"] == "reporting", "\(result.errors)")
    }

    @Test func anImportLandsInDraftsUntilItIsSaved() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);")])
        #expect(try sluice.run("job", "import", job, "--json").document["status"] == "draft")
        let refused = try sluice.run("run", "Job")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("draft"))
        #expect(try sluice.run("job", "import", "--save", job, "--json").document["status"] == "saved")
        let again = try sluice.run("job", "import", "--save", job)
        #expect(again.status == 2)
        #expect(again.errors.contains("Job"))
        #expect(try sluice.run("job", "import", "--save", "--replace", job, "--json").document["version"] == 2)
        #expect(try sluice.run("run", "Job").status == 0)
        #expect(try JobFile.read(Data(sluice.run("job", "export", "Job").output.utf8)).name == "Job")
        guard case .array(let jobs)? = try sluice.run("job", "list", "--json").document["jobs"] else {
            Issue.record("there is no list")
            return
        }
        #expect(jobs.count == 2)
    }

    @Test func anImportSaysWhatIsMissingHere() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(["nowhere.sql"])
        let imported = try sluice.run("job", "import", job, "--json")
        #expect(imported.status == 0)
        #expect(try imported.document["missing"]?[0]?["code"] == "task.unknown-script")
    }

    @Test func parametersAreReadByTheTypeOfTheirDefault() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        _ = try sluice.job(over: [("p.py", "import sluice, json; print(json.dumps(sluice.params, sort_keys=True))")])
        try sluice.write(
            "job.job.json",
            #"{"format":"sluice.job/1","name":"P","parameters":{"day":"monday","n":1},"tasks":[{"name":"p","script":"p.py"}]}"#
        )
        let job = sluice.path("job.job.json")
        let result = try sluice.run("run", job, "--param", "n=5", "--param", "day=friday")
        #expect(result.output.contains(#"p | {"day": "friday", "n": 5}"#), "\(result.output)\(result.errors)")
        #expect(try sluice.run("run", job, "--param", "n=x").errors.contains("'n' takes a whole number"))
        #expect(try sluice.run("run", job, "--param", "m=1").errors.contains("It declares: day, n."))
        #expect(try sluice.run("run", job, "--param", "n").status == 2)
    }

    @Test func foldersAreRememberedAndSavedScriptsNeedNoSync() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.write("workbench/a.sql", "SELECT 1;")
        try sluice.write("workbench/Bad Name.sql", "SELECT 1;")
        let first = try sluice.run("sync", "--workbench", sluice.path("workbench"), "--json").document
        #expect(first["sources"]?[0]?["added"] == ["a.sql"])
        #expect(first["sources"]?[0]?["refused"]?[0]?["name"] == "Bad Name.sql")
        try sluice.write("workbench/b.sql", "SELECT 2;")
        #expect(try sluice.run("sync", "--json").document["sources"]?[0]?["added"] == ["b.sql"])
        try sluice.write("c.txt", "SELECT 3;\n")
        #expect(try sluice.run("scripts", "save", "c", sluice.path("c.txt")).status == 0)
        #expect(try sluice.run("scripts", "show", "c").output == "SELECT 3;\n")
        #expect(try sluice.run("scripts", "save", "Not A Name", sluice.path("c.txt")).status == 2)
        #expect(try sluice.run("scripts", "save", "a", sluice.path("c.txt")).status == 2, "a.sql belongs to the folder")
        guard case .array(let scripts)? = try sluice.run("scripts", "--json").document["scripts"] else {
            Issue.record("there is no list")
            return
        }
        #expect(scripts.compactMap { $0["name"]?.text } == ["a.sql", "b.sql", "c.sql"])
    }

    @Test func secretsInAScriptReachNoOutput() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.sql", "SELECT 1 AS AWS_ID;\nSELECT nowhere, 'x' AS PASSWORD, PASSWORD = 'hunter2' FROM t;")
        ])
        for arguments in [["run", job], ["run", job, "--json"], ["runs", "show", "1", "--json"], ["logs", "1.1"]] {
            let result = try sluice.start(arguments).wait()
            #expect(!(result.output + result.errors).contains("hunter2"), "\(arguments)")
        }
    }

    @Test func helpAndVersionSucceed() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        #expect(try sluice.run("--help").status == 0)
        #expect(try sluice.run("--version").output == "0.1.0\n")
        #expect(try sluice.run("help", "run").output.contains("--param"))
    }
}
