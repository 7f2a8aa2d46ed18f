import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A script is held to its limits")
struct LimitTests {
    /// Runs a script that says `ready` first, under limits, and another one after it.
    private func run(
        _ script: String, _ limits: AttemptLimits, settings: PythonSettings = PythonSettings(grace: .milliseconds(200))
    ) async throws -> (TaskFailure, FakeContext) {
        try await Bench.with(settings) { bench in
            let context = FakeContext(scripts: ["a.py": "print('ready')\n\(script)"])
            var attempt = try await bench.attempt("a.py", context)
            attempt.limits = limits
            let failure = try failure(await bench.executor.execute(attempt, in: context))
            #expect(context.output.first == "ready", "what it said before is kept")
            expectDone(try await bench.run("print(1)").0)
            return (failure, context)
        }
    }

    @Test(arguments: ["while True: pass", "sum(range(10**15))"])
    func ofComputingTime(_ script: String) async throws {
        let (failure, _) = try await run(script, AttemptLimits(cpuSeconds: 0.5))
        #expect(failure.code == "python.cpu-limit")
        #expect(failure.message == "The script computed for more than the 0.5 seconds that it may take.")
    }

    @Test func ofComputingTimeInAllItsProcesses() async throws {
        let (failure, _) = try await run(
            """
            import os, time
            for number in range(2):
                if os.fork() == 0:
                    while True: pass
            time.sleep(1000)
            """, AttemptLimits(cpuSeconds: 0.5))
        #expect(failure.code == "python.cpu-limit")
    }

    @Test(arguments: [
        "import time\ntime.sleep(1000)",
        "import ctypes\nctypes.CDLL(None).pause()",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    ])
    func ofTime(_ script: String) async throws {
        let (failure, _) = try await run(script, AttemptLimits(wallSeconds: 0.3))
        #expect(failure.code == "python.time-limit")
        #expect(failure.message == "The script ran for more than the 0.3 seconds that it may take.")
    }

    @Test func ofMemoryThatItAsksFor() async throws {
        let (failure, _) = try await run(
            "x = bytearray(10 * 1024**3)", AttemptLimits(memoryBytes: 256 * 1_024 * 1_024))
        #expect(failure.code == "python.memory-limit")
        #expect(failure.message == "The script needed more than the 268435456 bytes of memory that it may take.")
        #expect(failure.line == 2)
        #expect(failure.detail?.hasSuffix("MemoryError\n") == true)
    }

    @Test func ofMemoryInAllItsProcesses() async throws {
        let (failure, _) = try await run(
            """
            import os, time
            for number in range(4):
                if os.fork() == 0:
                    x = b"x" * (40 * 1024**2)
                    break
            time.sleep(1000)
            """, AttemptLimits(memoryBytes: 100 * 1_024 * 1_024))
        #expect(failure.code == "python.memory-limit")
    }

    @Test func ofProcesses() async throws {
        let (failure, context) = try await run(
            """
            import os
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
            """, AttemptLimits(processes: 20))
        #expect(failure.code == "python.process-limit")
        #expect(failure.message == "The script ran more than the 20 processes at a time that it may have.")
        #expect(context.engineLines.count == 1, "others were ended with it")
    }

    @Test func butNotIfItKeepsToThem() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": """
                import os, subprocess, time
                children = [subprocess.Popen(["sleep", "0.3"]) for number in range(3)]
                x = bytearray(50 * 1024**2)
                for child in children: child.wait()
                print("done")
                """
            ])
            var attempt = try await bench.attempt("a.py", context)
            attempt.limits = AttemptLimits(
                memoryBytes: 256 * 1_024 * 1_024, cpuSeconds: 30, processes: 4, logBytes: 5, wallSeconds: 60)
            expectDone(try await bench.executor.execute(attempt, in: context))
            #expect(context.output == ["done"])
            #expect(context.engineLines.isEmpty)
        }
    }

    @Test func ofItsLogWhichKeepsTheFirstLines() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": """
                import os, sys
                for number in range(1000):
                    os.write(1, b"line\\n" * 10_000)
                print("last words", file=sys.stderr)
                """
            ])
            var attempt = try await bench.attempt("a.py", context)
            attempt.limits = AttemptLimits(logBytes: 52)
            expectDone(try await bench.executor.execute(attempt, in: context))
            #expect(context.output == Array(repeating: "line", count: 10))
            #expect(context.errors.isEmpty)
            #expect(
                context.engineLines == [
                    "The log keeps the first 52 bytes of this attempt: 9999991 more lines with 49999961 bytes were left out "
                        + "(python.log-limit)."
                ])
        }
    }

    @Test(arguments: [
        ("import os\nos._exit(3)", "python.exit"), ("import ctypes\nctypes.string_at(0)", "python.signal"),
        ("import sys\nsys.stdout.close()\nsys.exit(3)", "python.exit"),
        ("import os\nos.close(1)\nos.close(2)\nos._exit(3)", "python.exit"),
    ])
    func andFailsOtherwiseAsEver(_ script: String, _ code: String) async throws {
        let (failure, _) = try await run(
            script, AttemptLimits(memoryBytes: 1 << 30, cpuSeconds: 60, processes: 10, wallSeconds: 60))
        #expect(failure.code == code)
    }
}
