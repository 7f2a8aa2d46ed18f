import Foundation
import Sluice

/// One `sluice run` from the submission to the last line printed.
struct RunSession {
    let installation: Installation
    let json: Bool

    /// Runs and shows a job.
    ///
    /// - Throws: ``JobFailed`` after a failed run has been shown.
    func run(_ request: RunRequest, named name: String) async throws {
        let store = installation.store
        let json = json
        let ended = try await installation.withEngine(purpose: "running '\(name)'") { engine in
            try Self.endInterruptedRuns(engine)
            let run = try await engine.submit(request)
            let output = Output.standard
            if !json {
                let count = Formats.count(run.definition.tasks.count, "task")
                output.line("\(output.style.bold(DisplayText.safe(name))) · run \(run.id) · \(count)")
            }
            return try await Interruption.stopping(run.id, of: engine) {
                var follower = RunFollower(store: store, run: run.id)
                if json { return try await follower.follow(SilentDisplay()) }
                return output.isTerminal
                    ? try await follower.follow(LiveDisplay(output)) : try await follower.follow(PlainDisplay(output))
            }
        }
        if json {
            Output.standard.write(try RunDocument(ended, store: store).json)
        } else {
            try RunSummary(ended, store: store).print(to: .standard)
        }
        try store.close()
        if ended.run.status == .failed { throw JobFailed() }
    }
}

extension RunSession {
    /// Ends what processes that died left open: each run here belongs to the process that shows it, and the folder's
    /// lock says that no other one lives.
    private static func endInterruptedRuns(_ engine: JobEngine) throws {
        while true {
            let open = try engine.store.runs(RunQuery(statuses: [.pending, .running], limit: 100))
                .filter { $0.stoppedBy == nil }
            guard !open.isEmpty else { return }
            for run in open { try engine.stop(run.id, by: "the end of the process that ran it") }
        }
    }
}

/// Ctrl-C and SIGTERM while a run is shown.
enum Interruption {
    /// Runs `body`; the first signal stops the run in good order, the second ends this process.
    static func stopping<Result: Sendable>(
        _ run: RunID, of engine: JobEngine, _ body: () async throws -> Result
    ) async throws -> Result {
        let queue = DispatchQueue(label: "sluice.interruption")
        let count = Counter()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard count.next() == 1 else { _exit(128 + number) }
                Output.error.line("Stopping run \(run); once more to leave at once.")
                do {
                    try engine.stop(run, by: Installation.person)
                } catch {
                    Output.error.line("The run cannot be stopped: \(error)")
                    _exit(ExitStatus.engineFault.rawValue)
                }
            }
            source.resume()
            return source
        }
        defer {
            sources.forEach { $0.cancel() }
            for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        }
        return try await body()
    }

    /// Counts on one queue only, which is what makes it safe.
    private final class Counter: @unchecked Sendable {
        private var value = 0
        func next() -> Int {
            value += 1
            return value
        }
    }
}
