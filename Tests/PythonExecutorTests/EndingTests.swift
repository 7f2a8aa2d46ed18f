import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("An attempt ends with all its processes")
struct EndingTests {
    /// Runs a script until it has printed `ready`, and cancels it.
    private func cancel(
        _ script: String, settings: PythonSettings = PythonSettings()
    ) async throws -> FakeContext {
        try await Bench.with(settings) { bench in
            let context = FakeContext(scripts: ["a.py": script])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task { try await bench.executor.execute(attempt, in: context) }
            await context.waitForLine("ready")
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            return context
        }
    }

    /// The process that a script printed as `process N`.
    private func process(in context: FakeContext) throws -> Int32 {
        let line = try #require(context.output.first { $0.hasPrefix("process ") })
        return try #require(Int32(line.dropFirst("process ".count)))
    }

    @Test func whenALoopIsCancelled() async throws {
        _ = try await cancel("print('ready')\nwhile True: pass")
    }

    @Test func whenCCodeIsCancelled() async throws {
        _ = try await cancel("print('ready')\nsum(range(10**15))", settings: PythonSettings(grace: .milliseconds(200)))
    }

    @Test func andRunsItsFinallyFirst() async throws {
        let context = try await cancel(
            """
            import atexit, time
            atexit.register(print, "atexit")
            try:
                print("ready")
                time.sleep(1000)
            finally:
                print("finally")
            """)
        #expect(context.output == ["ready", "finally", "atexit"])
    }

    @Test func whenItIgnoresThatItIsToldTo() async throws {
        let context = try await cancel(
            """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("process", os.getpid())
            print("ready")
            while True: time.sleep(1)
            """, settings: PythonSettings(grace: .milliseconds(100)))
        #expect(kill(try process(in: context), 0) == -1)
    }

    @Test func whenItsProcessesHaveSessionsOfTheirOwn() async throws {
        let context = try await cancel(
            """
            import subprocess, time
            child = subprocess.Popen(
                ["sh", "-c", "trap '' TERM; setsid sh -c 'trap \\"\\" TERM; echo process $$; echo ready; exec sleep 1000' & wait"],
                start_new_session=True)
            time.sleep(1000)
            """, settings: PythonSettings(grace: .milliseconds(100)))
        #expect(kill(try process(in: context), 0) == -1)
    }

    @Test func whenTheScriptLeavesADaemonBehind() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import os
                read, write = os.pipe()
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        os.write(write, str(os.getpid()).encode())
                        while True:
                            pass
                    os._exit(0)
                os.wait()
                print("process", os.read(read, 100).decode())
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(kill(try process(in: context), 0) == -1)
            #expect(context.engineLines == ["The script left 1 process behind; they were ended with it."])
        }
    }

    @Test func whenSomebodyElseHoldsItsPipe() async throws {
        // A process outside the attempt, reached through a socket, could hold standard output open for ever.
        try await Bench.with { bench in
            let socketPath = bench.folder.appendingPathComponent("s").path
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            holder.arguments = [
                "-c",
                """
                import socket, sys
                server = socket.socket(socket.AF_UNIX)
                server.bind(sys.argv[1])
                server.listen()
                print("listening", flush=True)
                peer, _ = server.accept()
                kept = socket.recv_fds(peer, 10, 1)
                sys.stdin.read()
                """, socketPath,
            ]
            let input = Pipe()
            let output = Pipe()
            holder.standardInput = input
            holder.standardOutput = output
            try holder.run()
            defer {
                input.fileHandleForWriting.closeFile()
                holder.waitUntilExit()
            }
            _ = output.fileHandleForReading.availableData
            let (outcome, context) = try await bench.run(
                """
                import socket
                peer = socket.socket(socket.AF_UNIX)
                peer.connect("\(socketPath)")
                socket.send_fds(peer, [b"x"], [1])
                print("sent")
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["sent"])
        }
    }

    @Test func beforeItBegan() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: ["a.py": "print('ran')"])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await bench.executor.execute(attempt, in: context)
            }
            await #expect(throws: CancellationError.self) { try await running.value }
            #expect(!context.state.hasBegun)
        }
    }

    @Test func andFiftyOfThemAtATime() async throws {
        try await Bench.with(PythonSettings(grace: .milliseconds(500))) { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...50 {
                    group.addTask {
                        let context = FakeContext(scripts: ["a.py": "print('ready')\nwhile True: pass"])
                        let attempt = try await bench.attempt("a.py", context, number: number)
                        let running = Task { try await bench.executor.execute(attempt, in: context) }
                        await context.waitForLine("ready")
                        running.cancel()
                        await #expect(throws: CancellationError.self) { try await running.value }
                    }
                }
                try await group.waitForAll()
            }
            let work = bench.folder.appendingPathComponent("python/work").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
        }
    }

    @Test func whenAScriptAsksAndNeverListens() async throws {
        _ = try await cancel(
            """
            import os, time
            channel = max(int(name) for name in os.listdir("/proc/self/fd"))
            for number in range(5_000):
                os.write(channel, b"r1")
            print("ready")
            time.sleep(1000)
            """, settings: PythonSettings(grace: .milliseconds(200)))
    }

    @Test func whenTheServerDies() async throws {
        // The worker's own test of it: a process that starts a worker as the executor does, and vanishes.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        server.arguments = ["-c", Self.server, Bench.worker.path, folder.path]
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        server.waitUntilExit()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        // The pipe ends when the last process of the script has closed it: none of them is left to.
        let processes = text.split(separator: "\n").compactMap { Int32($0) }
        #expect(processes.count == 2)
        for process in processes { #expect(kill(process, 0) == -1) }
    }

    /// Starts a worker and a script with a daemon, waits until both run, and kills itself.
    private static let server = """
        import os, socket, struct, subprocess, sys
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker = subprocess.Popen(
            [sys.argv[1], "/usr/bin/python3"], pass_fds=[3], preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
        theirs.close()
        control.send(struct.pack("IIQ", 1, 0, 1))
        message, offered = b"", []
        while not offered:
            message, offered, _, _ = socket.recv_fds(control, 2000, 2)
        ours, request = (socket.socket(fileno=number) for number in offered)
        folder = sys.argv[2].encode() + b"/work"
        os.mkdir(folder)
        source = b'''
        import os, time
        print(os.getpid())
        if os.fork() == 0:
            os.setsid()
            print(os.getpid())
            print("ready")
            time.sleep(1000)
        time.sleep(1000)
        '''
        source = b"\\n".join(line.removeprefix(b"        ") for line in source.split(b"\\n"))
        fields = [b"script", b"a.py", b"/none/a.py", b"/none", folder, b"{}", b"", source]
        body = b"".join(struct.pack("I", len(field)) + field for field in fields)
        ours.sendall(struct.pack("IIq", len(folder), 1, 0) + folder)
        request.sendall(struct.pack("I", len(body)) + body)
        stream = ours.makefile("rb")
        seen = b""
        while b"ready" not in seen:
            length, kind, _ = struct.unpack("IIq", stream.read(16))
            seen += stream.read(length)
        os.write(1, seen.replace(b"ready\\n", b""))
        # Nobody waits for the worker any more; it must end by itself, and everything below it.
        pid = os.fork()
        if pid:
            os._exit(0)
        control.close()
        ours.close()
        stream.close()
        worker.returncode = 0
        while True:
            try:
                os.kill(worker.pid, 0)
            except ProcessLookupError:
                break
            state = open(f"/proc/{worker.pid}/stat").read().rsplit(")", 1)[1].split()[0]
            if state == "Z":
                break
        os._exit(0)
        """
}
