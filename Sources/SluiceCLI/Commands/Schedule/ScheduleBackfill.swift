import ArgumentParser
import Sluice
import SluiceServer

struct ScheduleBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Run a schedule's times of a past range.",
        discussion: "A time that has had its run is left out: nothing runs twice.")

    @OptionGroup var which: ScheduleOfJob
    @Option(help: ArgumentHelp("Times from here on, local ones of the schedule's zone or with Z.", valueName: "time"))
    var from: String
    @Option(help: ArgumentHelp("Times up to here; a date alone is the whole day.", valueName: "time")) var to: String
    @Option(help: ArgumentHelp("How many of its runs at a time.", valueName: "n")) var concurrency = 1
    @Flag(name: .customLong("dry-run"), help: "Only list what it would run.") var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let plan = try await global.withExistingFolder {
            try await $0.client.perform(
                BackfillSchedule(
                    of: which.job, which.number, from: from, through: to, concurrency: concurrency, isDryRun: dryRun))
        }
        guard !global.json else { return Output.standard.write(BackfillDocument(plan).json) }
        let output = Output.standard
        guard plan.number == nil else {
            return output.line(
                "Backfill \(plan.number ?? 0) of schedule \(plan.schedule.id): \(Formats.count(plan.total, "time")), "
                    + "\(concurrency) at a time. 'sluice serve' runs them.")
        }
        var table = TextTable(["UTC", "Local", "Would"])
        for occurrence in plan.occurrences {
            let what = occurrence.run.map { "be left out: run \($0)" } ?? "run"
            table.add([occurrence.nominal.utcText, occurrence.local, what])
        }
        table.lines(style: output.style).forEach { output.line($0) }
        let rest = plan.total - plan.occurrences.count
        if rest > 0 { output.line("… and \(Formats.count(rest)) more.") }
    }
}
