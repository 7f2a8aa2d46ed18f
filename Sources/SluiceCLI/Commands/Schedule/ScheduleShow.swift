import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct ScheduleShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a job's schedules, what ran, and why something did not.")

    @OptionGroup var which: ScheduleOfJob
    @Option(help: ArgumentHelp("How many of the latest times.", valueName: "n")) var limit = 20
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a whole number from 1.") }
    }

    func run() async throws {
        let shown = try await global.withExistingFolder { folder in
            var shown: [(ScheduleInfo, [OccurrenceInfo])] = []
            for info in try await folder.client.perform(ListSchedules(job: which.job))
            where which.number == nil || which.number == info.schedule.id {
                shown.append((info, try await occurrences(of: info.schedule.id, through: folder.client)))
            }
            return shown
        }
        guard !global.json else {
            return Output.standard.write(
                ScheduleListDocument(schedules: shown.map { ScheduleDocument($0.0, occurrences: $0.1) }).json)
        }
        guard !shown.isEmpty else {
            return Output.standard.line("The job has no such schedule. Set one: 'sluice schedule set JOB'.")
        }
        for (info, occurrences) in shown { print(info, occurrences) }
    }

    private func occurrences(of schedule: ScheduleID, through client: any EngineClient) async throws -> [OccurrenceInfo]
    {
        var found: [OccurrenceInfo] = []
        while found.count < limit {
            let page = try await client.perform(
                ListOccurrences(of: schedule, before: found.last?.record.first, limit: limit - found.count))
            guard !page.isEmpty else { break }
            found += page
        }
        return found
    }

    private func print(_ info: ScheduleInfo, _ occurrences: [OccurrenceInfo]) {
        let output = Output.standard
        let zone = info.zone.map { ", \($0)" } ?? ""
        output.line(
            "\(output.style.bold(info.jobText)) · schedule \(info.schedule.id): "
                + DisplayText.safe("\(info.schedule.trigger)\(zone)"))
        let next = info.nextText.isEmpty ? "" : ", next \(info.nextText)"
        output.line(output.style.dim("\(info.stateText)\(next), set by \(info.schedule.owner)"))
        for backfill in info.schedule.backfills {
            output.line(
                "Backfill \(backfill.number) of \(backfill.from.utcText) to \(backfill.through.utcText) is under way.")
        }
        guard !occurrences.isEmpty else { return output.line("Nothing was due yet.") }
        var table = TextTable(["Time", "Outcome", "Run", "Why"], rightAligned: [2])
        for occurrence in occurrences {
            table.add([
                occurrence.timeText(in: info.zone), occurrence.outcomeText,
                occurrence.record.run.map { "\($0)" } ?? "", occurrence.reasonText,
            ])
        }
        table.lines(style: output.style, limit: 80).forEach { output.line($0) }
    }
}
