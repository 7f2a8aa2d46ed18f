import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("What executors leave behind")
struct LeftoverTests {
    private func make(_ path: String, in bench: Bench, mode: Int = 0o700) throws -> String {
        let folder = bench.folder.appendingPathComponent("python").appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        return folder.path
    }

    @Test func isRemovedAtTheNextStartUnlessSomebodyNeedsIt() async throws {
        try await Bench.with { bench in
            let abandoned = try make("work/7-1-1-aaaaaa", in: bench)
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(abandoned)/large.csv"))
            let used = try make("work/7-1-1-bbbbbb", in: bench)
            let owner = open(used, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(owner) }
            #expect(flock(owner, LOCK_EX) == 0)
            let beingMade = try make("work/.7-1-1-cccccc", in: bench)
            let halfBuilt = try make("environments/0123456789abcdef0123456789abcdef/lib", in: bench)
            let whole = try make("environments/fedcba9876543210fedcba9876543210", in: bench)
            try Data().write(to: URL(fileURLWithPath: "\(whole)/.complete"))

            expectDone(try await bench.run("print(1)").0)
            let files = FileManager.default
            #expect(!files.fileExists(atPath: abandoned))
            #expect(files.fileExists(atPath: used))
            #expect(files.fileExists(atPath: beingMade))
            #expect(!files.fileExists(atPath: halfBuilt))
            #expect(files.fileExists(atPath: whole))
        }
    }

    @Test func isNotWhatASecondExecutorWorksWith() async throws {
        try await Bench.with { bench in
            let context = FakeContext(scripts: [
                "a.py": """
                import os, time
                open("kept", "w").write("x")
                print("ready")
                time.sleep(1000)
                """
            ])
            let attempt = try await bench.attempt("a.py", context)
            let running = Task { try await bench.executor.execute(attempt, in: context) }
            await context.waitForLine("ready")
            let work = bench.folder.appendingPathComponent("python/work").path
            let names = try FileManager.default.contentsOfDirectory(atPath: work)
            #expect(names.count == 1)

            let other = bench.anotherExecutor()
            let quick = FakeContext(scripts: ["b.py": "print(1)"])
            expectDone(try await other.execute(try await bench.attempt("b.py", quick, number: 2), in: quick))
            await other.shutdown()
            #expect(FileManager.default.fileExists(atPath: "\(work)/\(names[0])/kept"))
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
        }
    }

    @Test func isNobodyElsesBusiness() async throws {
        try await Bench.with { bench in
            let old = try make("work", in: bench, mode: 0o755)
            #expect(chmod(bench.folder.appendingPathComponent("python").path, 0o755) == 0)
            expectDone(try await bench.run("print(1)").0)
            for path in [URL(fileURLWithPath: old).deletingLastPathComponent().path, old]
                + ["snapshots"].map({ bench.folder.appendingPathComponent("python/\($0)").path })
            {
                var status = stat()
                #expect(stat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o700, "\(path)")
            }
        }
    }
}
