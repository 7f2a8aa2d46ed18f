import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A script runs")
struct ScriptRunTests {
    @Test func asMainUnderItsOwnName() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import os, sys
                print(__name__, sys.argv)
                print(__file__.endswith("/etl/script.py"), open(__file__).readline().strip())
                print(sys.stdin.read() == "", sys.executable)
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(
                context.output == [
                    "__main__ ['etl/script.py']", "True import os, sys", "True /usr/bin/python3",
                ])
            #expect(context.state.hasBegun)
        }
    }

    @Test func inAPrivateFolderThatIsRemoved() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import os, tempfile
                print(os.getcwd())
                print(os.listdir(), os.environ["HOME"] == os.getcwd(), tempfile.gettempdir() == os.getcwd() + "/tmp")
                os.makedirs("deep/er")
                open("deep/er/file", "w").write("x")
                os.symlink("/etc", "link")
                os.chmod("deep/er", 0)
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output.last == "['tmp'] True True")
            let folder = try #require(context.output.first)
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
        }
    }

    @Test func withACleanEnvironment() async throws {
        setenv("SLUICE_TEST_SECRET", "s3cret", 1)
        try await Bench.with(PythonSettings(environment: ["REGION": "north"])) { bench in
            let (_, context) = try await bench.run(
                """
                import os
                print(sorted(set(os.environ) - {"TZ"}))
                print(os.environ["REGION"], os.getenv("SLUICE_TEST_SECRET"))
                os.system("echo $REGION-$SLUICE_TEST_SECRET-")
                """)
            #expect(
                context.output == [
                    "['HOME', 'LANG', 'PATH', 'PYTHONUNBUFFERED', 'REGION', 'TMPDIR']", "north None", "north--",
                ])
        }
    }

    @Test func andImportsModulesFromBesideItAndFromTheBucketsRoot() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "etl/load.py": "from common import clean\nfrom near import value\nprint(clean.tidy(' a '), value)",
                "etl/near.py": "value = 7",
                "common/clean.py": "def tidy(text):\n    return text.strip()",
                "clean_flights.sql": "SELECT 1",
            ])
            expectDone(try await bench.run("etl/load.py", context))
            #expect(context.output == ["a 7"])
            let reads = context.readCount
            expectDone(try await bench.run("etl/load.py", context))
            // One more read is the script itself, which this test asked for.
            #expect(context.readCount == reads + 1, "a snapshot is written once")
        }
    }

    @Test func andSeesTheModulesThatItsRunPinned() async throws {
        try await Bench.with { bench in
            let old = FakeContext(scripts: ["a.py": "import m; print(m.v)", "m.py": "v = 1"])
            let new = FakeContext(scripts: ["a.py": "import m; print(m.v)", "m.py": "v = 2"])
            _ = try await bench.run("a.py", old)
            _ = try await bench.run("a.py", new)
            _ = try await bench.run("a.py", old)
            #expect(old.output == ["1", "1"])
            #expect(new.output == ["2"])
        }
    }

    @Test func evenWhereABucketUsesAScriptsNameAsAFolder() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": "print('file')", "a.py/b.py": "print('below', __name__)"])
            expectDone(try await bench.run("a.py", context))
            expectDone(try await bench.run("a.py/b.py", context))
            #expect(context.output == ["file", "below __main__"])
        }
    }

    @Test func withUnicodeInNameSourceAndOutput() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                "\u{FEFF}# ä\r\nprint('日本 😀')\r\n", named: "größe/日本.py")
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["日本 😀"])
        }
    }

    @Test func thatIsEmpty() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run("")
            #expect(outcome == .succeeded(value: nil))
        }
    }

    @Test func thatIsLargerThanOneMessage() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                String(repeating: "# \(String(repeating: "x", count: 97))\n", count: 20_000) + "print('end')")
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["end"])
        }
    }

    @Test func inProcessesOfItsOwnFiftyAtATime() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": "import os\nprint(os.getpid())"])
            try await withThrowingTaskGroup(of: TaskOutcome.self) { group in
                for number in 1...50 {
                    let attempt = try await bench.attempt("a.py", context, number: number)
                    group.addTask { try await bench.executor.execute(attempt, in: context) }
                }
                for try await outcome in group { #expect(outcome == .succeeded(value: nil)) }
            }
            #expect(Set(context.output).count == 50)
        }
    }

    @Test func afterItsWorkerWasKilled() async throws {
        try await Bench.with { bench in
            let (_, context) = try await bench.run(
                """
                import os
                status = open(f"/proc/{os.getppid()}/status").read()
                worker = int(status.split("PPid:")[1].split()[0])
                print(open(f"/proc/{worker}/comm").read().strip())
                os.kill(worker, 9)
                print("alive")
                """)
            #expect(context.output == ["sluice-python", "alive"])
            expectDone(try await bench.run("print(1)").0)
        }
    }

    @Test func againAfterAShutdown() async throws {
        try await Bench.with { bench in
            expectDone(try await bench.run("print(1)").0)
            await bench.executor.shutdown()
            expectDone(try await bench.run("print(1)").0)
        }
    }

    @Test func leavesNoDescriptorOpen() async throws {
        try await Bench.with { bench in
            _ = try await bench.run("print(1)")
            let (_, first) = try await bench.run("import os\nprint(len(os.listdir('/proc/self/fd')))")
            // Standard streams, the channel, and the folder that is being listed.
            #expect(first.output == ["5"])
            for _ in 1...20 { _ = try await bench.run("print(1)") }
            let (_, worker) = try await bench.run(
                """
                import os
                status = open(f"/proc/{os.getppid()}/status").read()
                worker = int(status.split("PPid:")[1].split()[0])
                print(len(os.listdir(f"/proc/{worker}/fd")), len(os.listdir(f"/proc/{worker}/task")))
                """)
            // Streams, control, signals, the spare's hand-over, and perhaps the next spare's.
            let numbers = try #require(worker.output.first).split(separator: " ").compactMap { Int($0) }
            #expect(numbers[0] <= 8)
            #expect(numbers[1] == 1, "the worker has one thread")
        }
    }
}
