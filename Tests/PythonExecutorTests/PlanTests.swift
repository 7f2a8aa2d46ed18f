import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A plan")
struct PlanTests {
    private func header(_ lines: String...) -> String {
        (["# /// script"] + lines.map { $0.isEmpty ? "#" : "# \($0)" } + ["# ///", "print(1)", ""])
            .joined(separator: "\n")
    }

    private func refusal(
        _ script: String, _ settings: PythonSettings = PythonSettings(), _ location: SourceLocation = #_sourceLocation
    ) async throws -> PythonError {
        try await Bench.with(settings) { bench in
            let error = await #expect(throws: PythonError.self, sourceLocation: location) {
                _ = try await bench.plan(script)
            }
            return try #require(error, sourceLocation: location)
        }
    }

    @Test func ofAPlainScriptKeepsTheDefaults() async throws {
        try await Bench.with { bench in
            let defaults = SessionDefaults(database: "d", schema: "s", pool: "p")
            let plan = try await bench.plan("print(1)", defaults: defaults)
            #expect(plan == TaskPlan(target: defaults))
        }
    }

    @Test func putsTheHeaderOverTheDefaults() async throws {
        try await Bench.with { bench in
            let script = header("[tool.sluice]", "schema = \"reporting\"", "pool = 'etl'")
            let plan = try await bench.plan(script, defaults: SessionDefaults(database: "d", schema: "s", pool: "p"))
            #expect(plan.target == SessionDefaults(database: "d", schema: "reporting", pool: "etl"))
            #expect(plan.warnings.isEmpty)
            let windows = try await bench.plan(script.replacing("\n", with: "\r\n"))
            #expect(windows.target.schema == "reporting")
        }
    }

    @Test func warnsOfAKeyThatNobodyKnows() async throws {
        try await Bench.with { bench in
            let plan = try await bench.plan(header("[tool.sluice]", "database = \"d\"", "queue = \"etl\""))
            #expect(plan.target.database == "d")
            #expect(plan.warnings.map(\.code) == ["python.metadata-key"])
            #expect(plan.warnings.first?.line == 4)
            #expect(plan.warnings.first?.message.contains("database, schema, pool") == true)
        }
    }

    @Test func warnsOfABlockWithoutEnd() async throws {
        try await Bench.with { bench in
            let plan = try await bench.plan("# /// script\n# dependencies = []\nprint(1)\n")
            #expect(plan.warnings.map(\.code) == ["python.metadata-unclosed"])
        }
    }

    @Test func passesOnThePythonCompilersWarnings() async throws {
        try await Bench.with { bench in
            let plan = try await bench.plan("x = 1\nif x is 1:\n    pass\n")
            #expect(plan.warnings.map(\.code) == ["python.syntax-warning"])
            #expect(plan.warnings.first?.line == 2)
        }
    }

    @Test func ignoresWhatOnlyLooksLikeAHeader() async throws {
        try await Bench.with { bench in
            let plan = try await bench.plan("text = '''\n# /// other\n# x\n# ///\n'''\n## /// script\n")
            #expect(plan == TaskPlan(target: SessionDefaults()))
        }
    }

    @Test func refusesASyntaxErrorWithItsPlace() async throws {
        let error = try await refusal("x = 1\ndef load(:\n    pass\n")
        #expect(error.code == "python.syntax")
        #expect(error.category == .badInput)
        #expect((error.line, error.column) == (2, 10))
        #expect(error.message == "etl/script.py:2:10: invalid syntax.")
    }

    @Test(arguments: [
        "print('a'", "if True:\nprint(1)", "a\0b", "# -*- coding: nothing -*-\n", "x = 'é", "return 1",
        "f = (" + String(repeating: "(", count: 100_000),
    ])
    func refusesWhatIsNoPython(_ script: String) async throws {
        #expect(try await refusal(script).code == "python.syntax")
    }

    @Test func survivesWhatCrashesTheCompiler() async throws {
        try await Bench.with { bench in
            // Each kills or fills the process that reads it, or is refused by it: whichever, the next one is served.
            let hostile = [
                String(repeating: "-", count: 1_000_000) + "1",
                "x = " + String(repeating: "a.", count: 300_000) + "b",
                "x = " + String(repeating: "1+", count: 500_000) + "1",
                String(repeating: "lambda:", count: 200_000) + "1",
                "x = " + String(repeating: "not ", count: 500_000) + "1",
                "f'" + String(repeating: "{f\"", count: 100) + "'",
            ]
            for script in hostile {
                do {
                    _ = try await bench.plan(script)
                } catch let error as PythonError {
                    #expect(error.code == "python.syntax")
                    #expect(error.category == .badInput)
                }
            }
            #expect(try await bench.plan("print(1)").warnings.isEmpty)
        }
    }

    @Test func refusesAHeaderThatIsNoTOML() async throws {
        let error = try await refusal(header("dependencies = [", "  \"pandas\"", "oops"))
        #expect(error.code == "python.metadata")
        #expect(error.category == .badInput)
        #expect(error.line == 4)
        #expect(error.message.contains("not valid TOML"))
    }

    @Test func refusesTwoHeaders() async throws {
        let error = try await refusal(header("") + header(""))
        #expect(error.code == "python.metadata")
        #expect(error.line == 5)
    }

    @Test(arguments: [
        "dependencies = \"pandas\"", "dependencies = [1]", "requires-python = 3", "requires-python = \"three\"",
        "tool = 1", "tool.sluice = 1", "tool.sluice.schema = 1", "tool.sluice.pool = \"\"",
    ])
    func refusesValuesOfTheWrongKind(_ line: String) async throws {
        let error = try await refusal(header(line))
        #expect(error.code == "python.metadata")
        #expect(error.line == 2)
    }

    @Test func refusesAnotherPythonThanRunsHere() async throws {
        let error = try await refusal(header("requires-python = \">=4\""))
        #expect(error.code == "python.version")
        #expect(error.line == 2)
        #expect(error.message.contains("requires Python >=4, but Python 3."))
    }

    @Test(arguments: [
        ">=3.8", "~=3.0", "==3.*", "!=2.7", "<4,>=3.6", ">3.0rc1", ">=3.8, !=3.9.*", "", "<4.0a1",
    ])
    func takesVersionsThatSuit(_ versions: String) async throws {
        try await Bench.with { bench in
            _ = try await bench.plan(header("requires-python = \"\(versions)\""))
        }
    }

    @Test(arguments: ["<3", "==2.*", "~=2.7", "!=3.*", ">=3.0,<3.1", "===3", ">3!0"])
    func refusesVersionsThatDoNot(_ versions: String) async throws {
        #expect(try await refusal(header("requires-python = \"\(versions)\"")).code == "python.version")
    }

    @Test(arguments: [
        "--index-url=evil", "-r other.txt", "./folder", "pandas --hash=sha256:0", "a b", "${HOME}", "pandas\\\\",
        "https://host/x.whl", "name @", "name >=", "",
    ])
    func refusesRequirementsThatAreNone(_ requirement: String) async throws {
        let error = try await refusal(header("dependencies = [\"\(requirement)\"]"))
        #expect(error.code == "python.requirement")
        #expect(error.line == 2)
    }

    @Test func refusesPackagesThatAreNotAllowed() async throws {
        let settings = PythonSettings(allowedPackages: ["Zope.Interface", "pandas"])
        let error = try await refusal(header("dependencies = [", "  \"pandas>=2\",", "  \"evil\"", "]"), settings)
        #expect(error.code == "python.not-allowed")
        #expect(error.line == 4)
        #expect(error.message.contains("'evil' is not among those allowed here: pandas, zope-interface"))
        let direct = try await refusal(header("dependencies = [\"pandas @ https://host/pandas.whl\"]"), settings)
        #expect(direct.code == "python.not-allowed")
        try await Bench.with(settings) { bench in
            _ = try await bench.plan(header("dependencies = [\"zope_interface[test]>=5; python_version>'3'\"]"))
        }
    }

    @Test func ofTheSameScriptIsRemembered() async throws {
        try await Bench.with { bench in
            let first = try await bench.plan(header("[tool.sluice]", "schema = \"s\""))
            let second = try await bench.plan(
                header("[tool.sluice]", "schema = \"s\""), defaults: SessionDefaults(pool: "x"))
            #expect(first.target.schema == second.target.schema)
            #expect(second.target.pool == "x")
        }
    }
}
