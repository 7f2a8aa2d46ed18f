import Foundation
import PythonExecutor
import SluiceCore
import Synchronization
import Testing

@Suite("Requirements")
struct EnvironmentTests {
    private func script(_ requirements: [String], _ body: String) -> String {
        let list = requirements.map { "\"\($0)\"" }.joined(separator: ", ")
        return "# /// script\n# dependencies = [\(list)]\n# ///\n\(body)\n"
    }

    @Test func fromTheIndexAreInstalledOnce() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": script(["six==1.16.0"], "import six, sys\nprint(six.__version__, sys.prefix)"),
                "b.py": script(["Six == 1.16.0"], "import six\nprint('again')"),
            ])
            expectDone(try await bench.run("a.py", context))
            let environments = bench.folder.appendingPathComponent("python/environments").path
            #expect(context.output.first?.hasPrefix("1.16.0 \(environments)/") == true)
            #expect(context.state.progress.contains { $0.text.hasPrefix("building environment: ") })
            #expect(context.engineLines.contains { $0.contains("six") })
            #expect(context.state.linesBeforeBegin == context.engineLines.count, "nothing begins before it is built")
            let lines = context.engineLines.count
            expectDone(try await bench.run("b.py", context))
            #expect(context.output.last == "again")
            #expect(context.engineLines.count == lines, "the environment is there already")
        }
    }

    @Test func reachTheHelperTheBucketsModulesAndItsPrograms() async throws {
        try await Bench.with { bench in
            let wheel = try bench.makeWheel("demo_tool", "1.0")
            let context = FakeContext(scripts: [
                "etl/a.py": script(
                    ["demo_tool @ file://\(wheel.path)"],
                    """
                    import os, subprocess, sys
                    import demo_tool, sluice
                    from common import near
                    print(demo_tool.VALUE, near.value, sluice.context.task)
                    sluice.result(os.environ["VIRTUAL_ENV"] == sys.prefix)
                    subprocess.run(["python3", "-c", "import demo_tool; print('in a subprocess', demo_tool.VALUE)"])
                    """),
                "common/near.py": "value = 3",
            ])
            #expect(try await bench.run("etl/a.py", context) == .succeeded(value: true))
            #expect(context.output == ["1.0 3 load", "in a subprocess 1.0"])
        }
    }

    @Test func thatDoNotExistAreTheInstallersWords() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": script(["sluice-no-such-package-anywhere"], "print(1)")])
            let failure = try failure(await bench.run("a.py", context))
            #expect(failure.code == "python.requirements")
            #expect(failure.message.contains("sluice-no-such-package-anywhere"))
            #expect(failure.detail?.contains("sluice-no-such-package-anywhere") == true)
            #expect(!context.state.hasBegun)
            #expect(context.output.isEmpty)
            // And once more: what failed is not taken for built.
            #expect(try failure.code == Self.code(await bench.run("a.py", context)))
        }
    }

    private static func code(_ outcome: TaskOutcome) throws -> String { try PythonExecutorTests.failure(outcome).code }

    @Test func showNoSecretsOfTheIndex() async throws {
        let settings = PythonSettings(indexURL: "http://reader:hunter2secret@127.0.0.1:9/simple")
        try await Bench.with(settings, host: { _ in ["PATH": "/usr/bin:/bin", "PIP_RETRIES": "0"] }) { bench in
            let context = FakeContext(scripts: ["a.py": script(["six"], "print(1)")])
            let failure = try failure(await bench.run("a.py", context))
            #expect(failure.code == "python.requirements")
            let said =
                context.state.lines.map(\.text) + context.state.progress.map(\.text)
                + [failure.message, failure.detail ?? ""]
            #expect(said.contains { $0.contains("127.0.0.1") })
            #expect(!said.contains { $0.contains("hunter2secret") })
        }
    }

    @Test func areNotFetchedWhenOffline() async throws {
        try await Bench.with(PythonSettings(isOffline: true), host: { _ in ["PATH": "/usr/bin:/bin"] }) { bench in
            let context = FakeContext(scripts: ["a.py": script(["six"], "print(1)")])
            let failure = try failure(await bench.run("a.py", context))
            #expect(failure.code == "python.requirements")
            #expect(failure.message.contains("offline mode allows no download"))
        }
    }

    @Test func areMetFromThisMachineWhenOffline() async throws {
        try await Bench.with(
            PythonSettings(isOffline: true), host: { ["PATH": "/usr/bin", "PIP_FIND_LINKS": $0.path] }
        ) {
            bench in
            _ = try bench.makeWheel("demo_tool", "2.0")
            let context = FakeContext(scripts: [
                "a.py": script(["demo-tool>=2"], "import demo_tool\nprint(demo_tool.VALUE)")
            ])
            expectDone(try await bench.run("a.py", context))
            #expect(context.output == ["2.0"])
        }
    }

    @Test func areBuiltByOneOfTwoThatWantThemAtOnce() async throws {
        try await Bench.with { bench in
            let wheel = try bench.makeWheel("demo_tool", "1.0")
            let text = script(["demo_tool @ file://\(wheel.path)"], "import demo_tool\nprint(demo_tool.VALUE)")
            let first = FakeContext(scripts: ["a.py": text])
            let second = FakeContext(scripts: ["a.py": text])
            // Two executors on one folder are what two processes are to each other.
            let other = bench.anotherExecutor()
            let attempt = try await bench.attempt("a.py", first)
            async let one = bench.executor.execute(attempt, in: first)
            async let two = other.execute(attempt, in: second)
            expectDone(try await one)
            expectDone(try await two)
            #expect(first.output == ["1.0"] && second.output == ["1.0"])
            #expect([first, second].count { !$0.engineLines.isEmpty } == 1, "one of them built")
            await other.shutdown()
        }
    }

    @Test func areBuiltAnewAfterABuildWasCancelled() async throws {
        try await Bench.with { bench in
            let wheel = try bench.makeWheel("demo_tool", "1.0", isSlow: true)
            let context = FakeContext(scripts: [
                "a.py": script(["demo_tool @ file://\(wheel.path)"], "import demo_tool\nprint(demo_tool.VALUE)")
            ])
            let attempt = try await bench.attempt("a.py", context)
            let isOver = Mutex(false)
            let building = Task {
                defer { isOver.withLock { $0 = true } }
                return try await bench.executor.execute(attempt, in: context)
            }
            let note = bench.folder.appendingPathComponent("building").path
            // The package's build writes that file and then takes for ever.
            while !FileManager.default.fileExists(atPath: note), !isOver.withLock({ $0 }) { await Task.yield() }
            let process = try bench.process(in: note)
            building.cancel()
            await #expect(throws: CancellationError.self) { try await building.value }
            #expect(kill(process, 0) == -1, "the installer's processes are ended")
            #expect(!context.state.hasBegun)
            _ = try bench.makeWheel("demo_tool", "1.0", isSlow: false, at: wheel)
            expectDone(try await bench.run("a.py", context))
            #expect(context.output == ["1.0"])
        }
    }

    @Test func areBuiltAnewWhenTheirFolderIsHalfThere() async throws {
        try await Bench.with { bench in
            let wheel = try bench.makeWheel("demo_tool", "1.0")
            let text = script(["demo_tool @ file://\(wheel.path)"], "import demo_tool, sys\nprint(sys.prefix)")
            let context = FakeContext(scripts: ["a.py": text])
            expectDone(try await bench.run("a.py", context))
            await bench.executor.shutdown()
            let folder = try #require(context.output.first)
            // As a machine leaves it that lost its power in the middle of a build.
            try FileManager.default.removeItem(atPath: "\(folder)/.complete")
            try FileManager.default.removeItem(atPath: "\(folder)/lib")
            expectDone(try await bench.run("a.py", context))
            #expect(context.output.last == folder)
        }
    }

    @Test func keepAsManyWorkersWarmAsTheSettingsSay() async throws {
        try await Bench.with(PythonSettings(warmEnvironments: 1)) { bench in
            var scripts: [String: String] = [:]
            for number in 1...3 {
                let wheel = try bench.makeWheel("demo_tool", "\(number).0")
                scripts["\(number).py"] = script(
                    ["demo_tool @ file://\(wheel.path)"], "import demo_tool\nprint(demo_tool.VALUE)")
            }
            let context = FakeContext(scripts: scripts)
            for name in ["1.py", "2.py", "3.py", "1.py"] { expectDone(try await bench.run(name, context)) }
            #expect(context.output == ["1.0", "2.0", "3.0", "1.0"])
        }
    }

    @Test func areInstalledByUVWhereThereIsOne() async throws {
        try await Bench.with { first in
            let (found, context) = try await first.run(script(["uv"], "import shutil\nprint(shutil.which('uv'))"))
            expectDone(found)
            let uv = URL(fileURLWithPath: try #require(context.output.first))
            let host: (URL) -> [String: String] = { _ in
                ProcessInfo.processInfo.environment.merging(["PATH": uv.deletingLastPathComponent().path]) { $1 }
            }
            try await Bench.with(host: host) { bench in
                let (outcome, context) = try await bench.run(
                    script(
                        ["six==1.16.0"],
                        "import six, sys\nprint(six.__version__, open(sys.prefix + '/pyvenv.cfg').read())"))
                expectDone(outcome)
                #expect(context.output.first?.hasPrefix("1.16.0 ") == true)
                #expect(context.output.contains { $0.hasPrefix("uv = ") }, "uv made this environment")
                let (missing, _) = try await bench.run(script(["sluice-no-such-package-anywhere"], "print(1)"))
                let failure = try failure(missing)
                #expect(failure.code == "python.requirements")
                #expect(failure.detail?.contains("sluice-no-such-package-anywhere") == true)
            }
        }
    }

    @Test func areInstalledWithoutAPipOfTheInterpreter() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let maker = Process()
        maker.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        maker.arguments = ["-m", "venv", "--without-pip", folder.path]
        try maker.run()
        maker.waitUntilExit()
        try await Bench.with(PythonSettings(interpreter: folder.path + "/bin/python3")) { bench in
            let wheel = try bench.makeWheel("demo_tool", "1.0")
            let (outcome, context) = try await bench.run(
                script(["demo_tool @ file://\(wheel.path)"], "import demo_tool\nprint(demo_tool.VALUE)"))
            expectDone(outcome)
            #expect(context.output == ["1.0"])
        }
    }
}
