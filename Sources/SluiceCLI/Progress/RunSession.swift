import Foundation
import Sluice
import SluiceServer

/// One `sluice run` from the submission to the last line printed.
struct RunSession {
    let folder: OpenFolder
    let json: Bool

    /// Runs and shows a job.
    ///
    /// - Throws: ``JobFailed`` after a failed run has been shown.
    func run(_ request: SubmitRun, named name: String) async throws {
        let json = json
        try await folder.withRunningEngine(purpose: "running '\(name)'") { client in
            let run = try await client.perform(request)
            let output = Output.standard
            if !json {
                let count = Formats.count(run.definition.tasks.count, "task")
                output.line("\(output.style.bold(DisplayText.safe(name))) · run \(run.id) · \(count)")
            }
            do {
                let ended = try await Self.follow(run.id, through: client, json: json)
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

    /// Shows the run until it has ended; Ctrl-C stops it.
    private static func follow(
        _ run: RunID, through client: any EngineClient, json: Bool
    ) async throws -> RunState {
        try await Interruption.handled {
            Output.error.line("Stopping run \(run); once more to leave at once.")
            do {
                _ = try await client.perform(StopRun(run))
            } catch {
                Output.error.line("The run cannot be stopped: \(error)")
                _exit(ExitStatus.engineFault.rawValue)
            }
        } while: {
            var follower = RunFollower(client: client, run: run)
            if json { return try await follower.follow(SilentDisplay()) }
            let output = Output.standard
            return output.isTerminal
                ? try await follower.follow(LiveDisplay(output)) : try await follower.follow(PlainDisplay(output))
        }
    }
}
