import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("An attempt ends even when its processes hold each other up")
struct HostileEndingTests {
    /// Runs a script until it has printed `ready`, and cancels it.
    private func cancel(_ script: String) async throws {
        try await Bench.with(PythonSettings(grace: .milliseconds(100))) { bench in
            let context = FakeContext(scripts: ["a.py": script])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task { try await bench.executor.execute(attempt, in: context) }
            await context.waitForLine("ready")
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            try expectGone(context)
            expectDone(try await bench.run("print(1)").0)
        }
    }

    /// Expects that none of the processes lives that a script printed as `process N`.
    private func expectGone(_ context: FakeContext) throws {
        let processes = context.output.filter { $0.hasPrefix("process ") }.map { Int32($0.dropFirst("process ".count)) }
        #expect(!processes.isEmpty)
        for process in processes { #expect(kill(try #require(process), 0) == -1) }
    }

    @Test func whenItStopsItsSupervisor() async throws {
        try await cancel(
            """
            import os, signal, time
            print("process", os.getpid())
            print("ready")
            while True:
                os.kill(os.getppid(), signal.SIGSTOP)
                time.sleep(0.01)
            """)
    }

    @Test func whenItStopsTheWorker() async throws {
        try await Bench.with(PythonSettings(grace: .milliseconds(100))) { bench in
            let script = """
                import os, signal, time
                worker = int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])
                print("process", worker)
                print("process", os.getpid())
                os.kill(worker, signal.SIGSTOP)
                print("ready")
                time.sleep(1000)
                """
            let context = FakeContext(scripts: ["a.py": script])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task { try await bench.executor.execute(attempt, in: context) }
            await context.waitForLine("ready")
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            await bench.executor.shutdown()
            try expectGone(context)
        }
    }

    /// Forks a process with a session of its own, which goes on once everything printed has arrived: what it does to the
    /// supervisor keeps later words from being passed on.
    private static let accomplice = """
        import os, signal, sluice, time
        supervisor = os.getppid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        read, write = os.pipe()
        accomplice = os.fork()
        if accomplice == 0:
            os.setsid()
            os.read(read, 1)
        else:
            print("process", accomplice)
            print("process", os.getpid())
            print("ready")
            sluice.result(1)
            os.write(write, b"x")
            time.sleep(1000)

        """

    @Test func whenItStopsItsSupervisorAgainAndAgain() async throws {
        try await cancel(
            Self.accomplice + """
                while True:
                    os.kill(supervisor, signal.SIGSTOP)
                """)
    }

    /// Attaches to a process, as a debugger does: whoever is traced cannot be reaped before its tracer lets go.
    private static let tracing = """
        import ctypes, os, time
        libc = ctypes.CDLL(None)
        def trace(process):
            libc.ptrace(0x4206, process, 0, 0)
            libc.ptrace(0x4207, process, 0, 0)
        # Where only descendants may be traced, this lets anybody in.
        libc.prctl(0x59616d61, ctypes.c_long(-1))

        """

    @Test func whenItTracesItsSupervisor() async throws {
        try await cancel(Self.tracing + Self.accomplice + "trace(supervisor)\ntime.sleep(1000)")
    }

    @Test func whenGrandchildrenTraceEachOther() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                Self.tracing + """
                    tracee = os.fork()
                    if tracee == 0:
                        time.sleep(1000)
                    read, write = os.pipe()
                    if os.fork() == 0:
                        tracer = os.fork()
                        if tracer == 0:
                            trace(tracee)
                            os.write(write, b"x")
                        time.sleep(1000)
                    os.read(read, 1)
                    print("process", tracee)
                    """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.engineLines == ["The script left 3 processes behind; they were ended with it."])
            try expectGone(context)
        }
    }
}
