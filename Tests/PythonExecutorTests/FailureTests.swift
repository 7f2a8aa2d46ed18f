import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A script fails")
struct FailureTests {
    @Test func withAnExceptionAndItsOwnFramesOnly() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "etl/load.py": "import helper\n\ndef go():\n    helper.divide(1)\n\ngo()\n",
                "etl/helper.py": "def divide(number):\n    return number / 0\n",
            ])
            let failure = try failure(await bench.run("etl/load.py", context))
            #expect(failure.code == "python.exception")
            #expect(failure.message == "ZeroDivisionError: division by zero")
            #expect(failure.line == 4)
            #expect(failure.exitStatus == 1)
            let trace = """
                Traceback (most recent call last):
                  File "etl/load.py", line 6, in <module>
                    go()
                  File "etl/load.py", line 4, in go
                    helper.divide(1)
                  File "etl/helper.py", line 2, in divide
                    return number / 0
                           ~~~~~~~^~~
                ZeroDivisionError: division by zero

                """
            #expect(failure.detail == trace)
            #expect(context.errors == trace.split(separator: "\n").map(String.init))
        }
    }

    @Test func withAChainOfExceptions() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run(
                "try:\n    {}['key']\nexcept KeyError as error:\n    raise ValueError('no key') from error")
            let failure = try failure(outcome)
            #expect(failure.message == "ValueError: no key")
            #expect(failure.line == 4)
            #expect(failure.detail?.contains("KeyError: 'key'") == true)
            #expect(failure.detail?.contains("direct cause") == true)
        }
    }

    @Test func withAGroupOfExceptions() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run("raise ExceptionGroup('many', [ValueError(1), TypeError(2)])")
            let failure = try failure(outcome)
            #expect(failure.message == "ExceptionGroup: many (2 sub-exceptions)")
            #expect(failure.detail?.contains("TypeError: 2") == true)
        }
    }

    @Test func andLoggedTracebacksNameItAsWell() async throws {
        try await Bench.with { bench in
            let (_, context) = try await bench.run(
                "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()")
            #expect(context.errors.contains("  File \"etl/script.py\", line 3, in <module>"))
            #expect(context.errors.contains("    1 / 0"))
        }
    }

    @Test(arguments: [
        ("import sys\nsys.exit(3)", 3), ("raise SystemExit(256 + 4)", 4), ("import os\nos._exit(5)", 5),
        ("import atexit, os\natexit.register(os._exit, 6)", 6), ("exit(7)", 7),
        ("import sys\nsys.exit(-1)", 255), ("import sys\nsys.exit(2**70)", 255),
        ("import sys\nsys.exit(-(2**70))", 255),
    ])
    func withAnExitStatus(_ script: String, _ status: Int) async throws {
        try await Bench.with { bench in
            let failure = try failure(await bench.run(script).0)
            #expect(failure.code == "python.exit")
            #expect(failure.message == "The script ended with exit status \(status).")
            #expect(failure.exitStatus == status)
        }
    }

    @Test(arguments: [
        "import sys\nsys.exit()", "import sys\nsys.exit(0)", "import os\nos._exit(0)", "exit(None)", "exit(2**32)",
    ])
    func butNotWithExitStatusZero(_ script: String) async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run(script)
            #expect(outcome == .succeeded(value: nil))
        }
    }

    @Test func withAnExitText() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run("import sys\nsys.exit('no input files')")
            let failure = try failure(outcome)
            #expect(failure.code == "python.exit")
            #expect(failure.message == "no input files")
            #expect(failure.exitStatus == 1)
            #expect(context.errors == ["no input files"])
        }
    }

    @Test func withAMissingModule() async throws {
        try await Bench.with { bench in
            let failure = try failure(await bench.run("print(1)\nimport nothing_like_it").0)
            #expect(failure.code == "python.import")
            #expect(failure.message == "ModuleNotFoundError: No module named 'nothing_like_it'")
            #expect(failure.line == 2)
        }
    }

    @Test func withASyntaxErrorInAModule() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": "import bad", "bad.py": "def f(:\n    pass"])
            let failure = try failure(await bench.run("a.py", context))
            #expect(failure.code == "python.syntax")
            #expect(failure.line == 1)
            #expect(failure.detail?.contains("File \"bad.py\", line 1") == true)
        }
    }

    @Test func withASegmentationFault() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run("import ctypes\n\nctypes.string_at(0)")
            let failure = try failure(outcome)
            #expect(failure.code == "python.signal")
            #expect(failure.message == "The script was ended by signal 11 (SIGSEGV: Segmentation fault).")
            #expect(failure.line == 3)
            #expect(failure.exitStatus == 139)
            #expect(failure.detail?.contains("Fatal Python error: Segmentation fault") == true)
            #expect(failure.detail?.contains("rogram crashed") == false, "no other runtime speaks up")
            #expect(context.errors.contains("  File \"etl/script.py\", line 3 in <module>"))
            expectDone(try await bench.run("print(1)").0)
        }
    }

    @Test func withAbort() async throws {
        try await Bench.with { bench in
            let failure = try failure(await bench.run("import os\nos.abort()").0)
            #expect(failure.code == "python.signal")
            #expect(failure.message.contains("SIGABRT"))
        }
    }

    @Test func whenItRunsOutOfMemory() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run(
                "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))\nx = bytearray(1 << 30)")
            #expect(try failure(outcome).message == "MemoryError")
        }
    }

    @Test func whenItRecursesForever() async throws {
        try await Bench.with { bench in
            let failure = try failure(await bench.run("def f():\n    return f()\nf()").0)
            #expect(failure.message.hasPrefix("RecursionError: maximum recursion depth exceeded"))
            #expect(failure.line == 2)
        }
    }

    @Test func withAnExceptionThatCannotBeShown() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await bench.run(
                "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd()")
            #expect(try failure(outcome).message == "Odd: <the exception has no text: its __str__ failed>")
            let (huge, _) = try await bench.run("raise ValueError('x' * 10_000_000)")
            #expect(try failure(huge).message.utf8.count < 5_000)
        }
    }

    @Test func andItsOwnExceptHookSpeaks() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                "import sys\nsys.excepthook = lambda *what: print('hook', what[0].__name__)\n1 / 0")
            #expect(try failure(outcome).message == "ZeroDivisionError: division by zero")
            #expect(context.output == ["hook ZeroDivisionError"])
        }
    }

    @Test func whenItKillsItsSupervisor() async throws {
        try await Bench.with { bench in
            let note = bench.folder.appendingPathComponent("process").path
            let (outcome, _) = try await bench.run(
                """
                import os, subprocess
                child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
                open("\(note)", "w").write(str(child.pid))
                os.kill(os.getppid(), 9)
                os.wait()
                """)
            let failure = try failure(outcome)
            #expect(failure.code == "python.supervisor-lost")
            #expect(failure.message.contains("killed by signal 9"))
            let process = try #require(Int32(String(contentsOfFile: note, encoding: .utf8)))
            #expect(kill(process, 0) == -1, "what it had started is ended")
            expectDone(try await bench.run("print(1)").0)
            #expect(try workingFolders(of: bench).isEmpty)
        }
    }

    private func workingFolders(of bench: Bench) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bench.folder.appendingPathComponent("python/work").path)
    }
}
