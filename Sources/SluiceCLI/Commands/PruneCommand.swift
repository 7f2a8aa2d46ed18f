import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove runs that have ended, with their logs and files.",
        discussion: """
            What is beyond either bound goes. With --logs-only the runs stay in the list, and what they said and the files \
            that they kept go. 'sluice serve --prune-older-than' does it by itself.
            """)

    @Option(
        name: .customLong("older-than"),
        help: ArgumentHelp("Runs that ended longer ago: 90d, 12h.", valueName: "time"))
    var age: TimeArgument?
    @Option(help: ArgumentHelp("How many runs that have ended stay, the newest.", valueName: "n")) var keep: Int?
    @Flag(name: .customLong("logs-only"), help: "Remove logs and files, and keep the runs.") var logsOnly = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard age != nil || keep != nil else {
            throw ValidationError("Say which runs go: --older-than 90d, --keep 1000, or both.")
        }
        if let keep, keep < 0 { throw ValidationError("--keep takes a whole number from 0.") }
    }

    func run() async throws {
        let bound = age.map { Date(timeIntervalSinceNow: -$0.seconds) }
        let prune = PruneRuns(Retention(endedBefore: bound, keep: keep), logsOnly: logsOnly)
        let count = try await global.withExistingFolder { try await $0.client.perform(prune) }
        guard !global.json else { return Output.standard.write(PruneDocument(runs: count, logsOnly: logsOnly).json) }
        let what = logsOnly ? "the logs and files of " : ""
        Output.standard.line(count == 0 ? "Nothing to remove." : "Removed \(what)\(Formats.count(count, "run")).")
    }
}

/// What `prune --json` prints.
struct PruneDocument: Document {
    /// How many it concerned.
    var runs: Int
    var logsOnly: Bool
}
