import ArgumentParser
import Sluice
import SluiceServer

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Have jobs run by themselves.",
        discussion: """
            'sluice serve' starts what schedules say. What a clock does when it changes, what happens to times that pass \
            while a run has not ended or no server runs, and why something did not run, is told by 'sluice schedule show'.
            """,
        subcommands: [
            ScheduleSet.self, List.self, ScheduleShow.self, SchedulePreview.self, Pause.self, Resume.self,
            ScheduleBackfill.self, Delete.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the schedules.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let schedules = try await global.withExistingFolder { folder in
                var schedules: [ScheduleInfo] = []
                while true {
                    let page = try await folder.client.perform(ListSchedules(after: schedules.last?.schedule.id))
                    guard !page.isEmpty else { return schedules }
                    schedules += page
                }
            }
            guard !global.json else {
                return Output.standard.write(ScheduleListDocument(schedules).json)
            }
            guard !schedules.isEmpty else {
                return Output.standard.line("There are no schedules yet. Set one: 'sluice schedule set JOB'.")
            }
            var table = TextTable(["Schedule", "Job", "Runs", "Zone", "Next", "State"], rightAligned: [0])
            for info in schedules {
                table.add([
                    "\(info.schedule.id)", info.jobText, "\(info.schedule.trigger)", info.zone?.identifier ?? "",
                    info.nextText, info.stateText,
                ])
            }
            table.lines(style: Output.standard.style).forEach { Output.standard.line($0) }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a job's schedules start nothing until they are resumed.")

        @OptionGroup var which: ScheduleOfJob
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let paused = try await global.withExistingFolder {
                try await $0.client.perform(PauseSchedule(of: which.job, which.number))
            }
            guard !global.json else { return Output.standard.write(ScheduleListDocument(paused).json) }
            for info in paused { Output.standard.line("Schedule \(info.schedule.id) of '\(info.jobText)' is paused.") }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a job's schedules go on, from the next time after now.")

        @OptionGroup var which: ScheduleOfJob
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let resumed = try await global.withExistingFolder {
                try await $0.client.perform(ResumeSchedule(of: which.job, which.number))
            }
            guard !global.json else { return Output.standard.write(ScheduleListDocument(resumed).json) }
            for info in resumed {
                Output.standard.line("Schedule \(info.schedule.id) of '\(info.jobText)' goes on.\(info.nextSentence)")
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a schedule away, with what it knew of its times. Its runs stay.")

        @OptionGroup var which: ScheduleOfJob
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let info = try await global.withExistingFolder {
                try await $0.client.perform(DeleteSchedule(of: which.job, which.number))
            }
            guard !global.json else { return Output.standard.write(ScheduleDocument(info).json) }
            Output.standard.line("Schedule \(info.schedule.id) of '\(info.jobText)' is gone.")
        }
    }
}

/// Which schedule is meant.
struct ScheduleOfJob: ParsableArguments {
    @Argument(help: "The job's name or number.") var job: String
    @Option(help: ArgumentHelp("Which of its schedules, when it has several.", valueName: "id")) var schedule: Int64?

    var number: ScheduleID? { schedule.map { ScheduleID($0) } }
}
