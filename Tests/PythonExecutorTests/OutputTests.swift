import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("Output streams")
struct OutputTests {
    @Test func lineByLineWhileTheScriptRuns() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": "import sys, time\nprint('first')\nwhile True: time.sleep(0.01)"
            ])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task { try await bench.executor.execute(attempt, in: context) }
            await context.waitForLine("first")
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }

    @Test func fromPrintSystemCallsAndSubprocesses() async throws {
        try await Bench.with { bench in
            let (_, context) = try await bench.run(
                """
                import os, subprocess, sys
                print("print")
                os.write(1, b"write\\n")
                subprocess.run(["sh", "-c", "echo shell; echo wrong >&2"])
                print("to error", file=sys.stderr)
                sys.stdout.write("no break at the end")
                """)
            #expect(context.output == ["print", "write", "shell", "no break at the end"])
            #expect(context.errors == ["wrong", "to error"])
        }
    }

    @Test func thatIsNoUTF8() async throws {
        try await Bench.with { bench in
            let (_, context) = try await bench.run(
                "import os\nos.write(1, b'caf\\xe9 \\xff\\n\\x00\\n\\r\\n\\n')\nprint('\\udc80')")
            #expect(context.output == ["caf\u{FFFD} \u{FFFD}", "\0", "", "", "\u{FFFD}"])
        }
    }

    @Test func inPiecesWhenALineIsHuge() async throws {
        try await Bench.with { bench in
            let (_, context) = try await bench.run("print('é' * 5_000_000)\nprint('next')")
            #expect(context.output.last == "next")
            #expect(context.output.dropLast().allSatisfy { $0.utf8.count <= 64 * 1_024 })
            #expect(context.output.dropLast().joined() == String(repeating: "é", count: 5_000_000))
        }
    }

    @Test func byTheMillionInBoundedMemory() async throws {
        try await Bench.with { bench in
            let context = FakeContext(
                scripts: ["a.py": "import os\nfor _ in range(200):\n    os.write(1, b'a line of output\\n' * 10_000)"],
                keepsLines: false)
            let before = try residentMemory()
            expectDone(try await bench.run("a.py", context))
            #expect(context.lineCount == 2_000_000)
            #expect(try residentMemory() - before < 200 << 20)
        }
    }

    @Test func afterTheScriptClosedItsOwn() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import os, sys
                print("before")
                sys.stdout.close()
                os.closerange(0, 100)
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["before"])
        }
    }

    @Test func keptUntilTheVeryEnd() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import atexit, sys, threading, time
                def late():
                    time.sleep(0.1)
                    print("thread")
                class Leaver:
                    def __del__(self):
                        print("finaliser")
                keep = Leaver()
                atexit.register(print, "atexit")
                threading.Thread(target=late).start()
                print("main", end="")
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["mainthread", "atexit", "finaliser"])
        }
    }

    @Test func andFilesThatWereNeverFlushedAreSaved() async throws {
        try await Bench.with { bench in
            let place = bench.folder.path
            let (outcome, _) = try await bench.run(
                """
                import json, os
                cycle = []
                cycle.append((open("\(place)/cycle", "w"), cycle))
                cycle[0][0].write("saved")
                json.kept = open("\(place)/module", "w")
                json.kept.write("saved")
                os.kept = open("\(place)/boot", "w")
                os.kept.write("saved")
                """)
            #expect(outcome == .succeeded(value: nil))
            for name in ["cycle", "module", "boot"] {
                #expect(try String(contentsOfFile: "\(place)/\(name)", encoding: .utf8) == "saved")
            }
        }
    }

    @Test func evenWhereAScriptImportsNothing() async throws {
        try await Bench.with { bench in
            let file = "\(bench.folder.path)/cycle"
            let (outcome, _) = try await bench.run(
                """
                cycle = []
                cycle.append((open("\(file)", "w"), cycle))
                cycle[0][0].write("saved")
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "saved")
        }
    }

    @Test func carriesTheTimesAtWhichItWasSaid() async throws {
        try await Bench.with { bench in
            let start = Date()
            let (_, context) = try await bench.run("print(1)\nimport time\ntime.sleep(0.2)\nprint(2)")
            let times = context.state.lines.map(\.at)
            #expect(times[0] >= start.addingTimeInterval(-0.01) && times[1] <= Date().addingTimeInterval(0.01))
            #expect(times[1].timeIntervalSince(times[0]) >= 0.15)
        }
    }

    @Test func endsTheAttemptWhenItCannotBeKept() async throws {
        try await Bench.with { bench in
            let error = DefinitionError(code: "test.full", "The disk is full.")
            let context = FakeContext(scripts: ["a.py": "print(1)\nimport time\ntime.sleep(1000)"], logError: error)
            await #expect(throws: error) { _ = try await bench.run("a.py", context) }
        }
    }

    private func residentMemory() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(pages[1]) ?? 0) * 4_096
    }
}
