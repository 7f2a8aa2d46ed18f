import Foundation
import Sluice
import SluiceServer

/// One run that a command begins, or lets go on, and shows to its end.
struct RunSession {
    /// What is to be followed.
    struct Beginning: Sendable {
        var run: Run
        /// A run that goes on, as it stood then; nil for a new one.
        var goesOnFrom: RunState?
        /// What a person should know first, a line each.
        var remarks: [String] = []
    }

    let folder: OpenFolder
    let json: Bool

    /// Runs and shows a job.
    ///
    /// - Throws: ``JobFailed`` after a failed run has been shown.
    func run(_ request: SubmitRun, named name: String) async throws {
        try await follow(purpose: "running '\(name)'") { Beginning(run: try await $0.perform(request)) }
    }

    /// Shows what `begin` begins.
    ///
    /// - Parameter purpose: what the folder's lock says to others that want it.
    /// - Throws: ``JobFailed`` after a failed run has been shown.
    func follow(
        purpose: String, _ begin: @escaping @Sendable (any EngineClient) async throws -> Beginning
    ) async throws {
        let json = json
        try await folder.withRunningEngine(purpose: purpose) { client in
            let beginning = try await begin(client)
            let run = beginning.run
            let output = Output.standard
            if !json { Self.announce(beginning, on: output) }
            do {
                let ended = try await Self.follow(beginning, through: client, json: json)
                if json {
                    let records = try await AttemptRecord.all(of: ended, through: client)
                    output.write(RunDocument(ended, records).json)
                } else {
                    let records = try await AttemptRecord.summed(ended, through: client)
                    RunSummary(ended, records: records).print(to: output)
                }
                if ended.run.status == .failed { throw JobFailed() }
            } catch let error as RequestError where ["server.gone", "server.stopping"].contains(error.code) {
                throw RequestError(
                    "server.gone", .fault,
                    "The server ended while run \(run.id) was open. The run goes on when a server is back: "
                        + "'sluice serve'. Look at it with 'sluice runs show \(run.id)'.")
            }
        }
    }

    private static func announce(_ beginning: Beginning, on output: Output) {
        let run = beginning.run
        let count: String
        if let state = beginning.goesOnFrom {
            let open = state.tasks.count { !$0.state.isEnded && $0.id.element == nil }
            count = "goes on · \(open) of \(Formats.count(run.definition.allTasks.count, "task"))"
        } else {
            count = Formats.count(run.definition.tasks.count, "task")
        }
        output.line("\(output.style.bold(DisplayText.safe(run.definition.name))) · run \(run.id) · \(count)")
        for remark in beginning.remarks { output.line(output.style.dim(DisplayText.safe(remark))) }
        if run.isHeld { output.line("Run \(run.id) \(Run.heldReason).") }
    }

    /// Shows the run until it has ended; Ctrl-C stops it.
    private static func follow(
        _ beginning: Beginning, through client: any EngineClient, json: Bool
    ) async throws -> RunState {
        let run = beginning.run.id
        return try await Interruption.handled {
            Output.error.line("Stopping run \(run); once more to leave at once.")
            do {
                _ = try await client.perform(StopRun(run))
            } catch {
                Output.error.line("The run cannot be stopped: \(error)")
                _exit(ExitStatus.engineFault.rawValue)
            }
        } while: {
            var follower = RunFollower(client: client, run: run, goesOnFrom: beginning.goesOnFrom)
            if json { return try await follower.follow(SilentDisplay()) }
            let output = Output.standard
            return output.isTerminal
                ? try await follower.follow(LiveDisplay(output)) : try await follower.follow(PlainDisplay(output))
        }
    }
}
