import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct SchedulePreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Print the times at which a schedule runs.",
        discussion: """
            A job's schedule, or one that is only written down here: --cron, --every or --at, with --zone. That needs \
            neither a job nor a data folder.
            """)

    @Argument(help: "The job's name or number.") var job: String?
    @Option(help: ArgumentHelp("Which of its schedules, when it has several.", valueName: "id")) var schedule: Int64?
    @OptionGroup var timing: ScheduleTiming
    @Option(
        help: ArgumentHelp(
            "Times from here on: 2026-03-07T00:00:00Z, or a local time. With --every it is the first time. [default: now]",
            valueName: "time"))
    var from: String?
    @Option(help: ArgumentHelp("How many.", valueName: "n")) var count = 10
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard timing.isGiven != (job != nil) else {
            throw ValidationError("Name a job, or say one of --cron, --every and --at with --zone.")
        }
        guard (1...PreviewSchedule.limit).contains(count) else {
            throw ValidationError("--count takes a whole number from 1 to \(PreviewSchedule.limit).")
        }
    }

    func run() async throws {
        let answer: PreviewSchedule.Answer
        if let job {
            let request = PreviewSchedule(of: job, schedule.map { ScheduleID($0) }, from: from, count: count)
            answer = try await global.withExistingFolder { try await $0.client.perform(request) }
        } else {
            answer = try PreviewSchedule.preview(try written(), from: from, count: count, now: Date())
        }
        guard !global.json else { return Output.standard.write(SchedulePreviewDocument(answer).json) }
        let output = Output.standard
        output.line(output.style.bold(DisplayText.safe("\(answer.schedule), \(answer.schedule.zone)")))
        guard !answer.occurrences.isEmpty else { return output.line("It has no time from there on.") }
        var table = TextTable(["UTC", "Local", "Clocks"])
        for occurrence in answer.occurrences {
            table.add([occurrence.nominal.utcText, occurrence.local, occurrence.clocks])
        }
        table.lines(style: output.style).forEach { output.line($0) }
    }

    private func written() throws -> Schedule {
        var fields = timing.fields
        if !timing.every.isEmpty, let from {
            // The grid begins where the list does, whichever way the instant is written.
            let zone = try timing.zone.map { try ScheduleZone($0) }
            let local = zone.flatMap { zone in zone.instant(from).map { zone.local($0) } }
            fields["from"] = .string(local.map { "\($0)" } ?? from)
        }
        return try Schedule(json: .object(fields))
    }
}
