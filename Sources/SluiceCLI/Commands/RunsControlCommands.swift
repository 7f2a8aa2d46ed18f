import ArgumentParser
import Sluice
import SluiceServer

extension RunsCommand {
    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a run, or one task of it: what waits will not start, what runs is ended.",
            discussion: "With --task the rest of the run goes on as after a failure of that task.")

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @Option(help: ArgumentHelp("Only this task: NAME, or NAME[3] for an element.", valueName: "name"))
        var task: String?
        @Flag(name: .customLong("no-wait"), help: "Do not wait until it has ended.") var noWait = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let id = RunID(number)
            let (before, state, records) = try await global.withExistingFolder { folder in
                let before = try await folder.client.perform(FindRun(id))
                let wanted = try task.map { try TaskRunArgument.find($0, in: before) }
                let isOver = wanted?.state.isEnded ?? before.run.status.isEnded
                let state = isOver ? before : try await stop(id, wanted?.id, in: folder)
                return (before, state, try await AttemptRecord.all(of: state, through: folder.client))
            }
            guard !global.json else { return Output.standard.write(RunDocument(state, records).json) }
            if let task { return try tell(of: task, before, state) }
            guard state.run.status.isEnded else { return Output.standard.line("Run \(id) is stopping.") }
            let reason = state.run.reason.map { ": \(DisplayText.safe($0))" } ?? ""
            let words = before.run.status.isEnded ? "had ended before" : "has ended"
            Output.standard.line("Run \(id) \(words): \(state.run.status.label)\(reason)")
        }

        private func tell(of name: String, _ before: RunState, _ state: RunState) throws {
            let task = try TaskRunArgument.find(name, in: state)
            let subject = "Task \(task.id) '\(DisplayText.safe(task.displayName))'"
            guard task.state.isEnded else { return Output.standard.line("\(subject) is stopping.") }
            let words =
                try TaskRunArgument.find(name, in: before).state.isEnded ? "had ended before" : "has ended"
            let reason = task.reason.map { ": \(DisplayText.safe($0))" } ?? ""
            Output.standard.line("\(subject) \(words): \(task.state.label)\(reason)")
        }

        private func stop(_ run: RunID, _ task: TaskRunID?, in folder: OpenFolder) async throws -> RunState {
            let noWait = noWait
            return try await folder.withoutOtherEngine(purpose: "stopping run \(run)") { client in
                var state =
                    if let task { try await client.perform(StopTask(task)) } else {
                        try await client.perform(StopRun(run))
                    }
                func isOver() -> Bool {
                    if state.run.status.isEnded { return true }
                    guard let task else { return false }
                    return state.position(of: task).map { state.tasks[$0].state.isEnded } ?? true
                }
                var seen: Int64 = 0
                while !isOver(), !noWait {
                    let events = try await client.perform(FollowEvents(run, after: seen, wait: FollowEvents.waitLimit))
                    seen = events.last?.sequence ?? seen
                    state = try await client.perform(FindRun(run))
                }
                return state
            }
        }
    }

    struct Rerun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run again what an earlier run ran, and show it.",
            discussion: """
                A new run, with the job, the parameters and the nominal time of the earlier one and the scripts as they \
                are now. With --failed the same run goes on: what succeeded stays, everything else has another attempt, \
                behind those that it had.
                """)

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @Flag(help: "Let the run itself go on, from the tasks that failed.") var failed = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let id = RunID(number)
            let failed = failed
            try await global.withExistingFolder { folder in
                // Refused before the folder is taken.
                _ = try await folder.client.perform(FindRun(id))
                try await RunSession(folder: folder, json: global.json).follow(purpose: "repeating run \(id)") {
                    client in
                    guard failed else { return .init(run: try await client.perform(RerunRun(id))) }
                    let state = try await client.perform(ReopenRun(id))
                    return .init(run: state.run, goesOnFrom: state)
                }
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a failed run go on, its failed SQL script at a statement instead of its beginning.",
            discussion: """
                The statements before must be those that ran; what they set for the session is said again. It goes on at \
                the first statement that did not complete, or at an earlier one. Where a statement was sent and nobody \
                knows whether it took effect, --unknown decides: look first.
                """)

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @Option(
            help: ArgumentHelp(
                "The task: NAME, or NAME[3] for an element; needed where several failed.", valueName: "name"))
        var task: String?
        @Option(help: ArgumentHelp("The statement to go on at, from 1.", valueName: "n")) var statement: Int?
        @Option(
            help: ArgumentHelp(
                "skip or repeat the statement whose effect is unknown.", valueName: "skip|repeat"))
        var unknown: UnknownStepChoice?
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if let statement, statement < 1 { throw ValidationError("--statement takes a whole number from 1.") }
        }

        func run() async throws {
            let id = RunID(number)
            try await global.withExistingFolder { folder in
                let state = try await folder.client.perform(FindRun(id))
                let wish = ResumeWish(
                    task: try task.map { try TaskRunArgument.find($0, in: state).id },
                    step: statement.map { $0 - 1 }, unknownStep: unknown)
                try await RunSession(folder: folder, json: global.json).follow(purpose: "resuming run \(id)") {
                    client in
                    let resumption: Resumption
                    do {
                        resumption = try await client.perform(ResumeRun(id, at: wish))
                    } catch let error as any SluiceError where error.code == "resume.unknown-step" {
                        throw RequestError(
                            error.code, error.category, "\(error.message) Say --unknown skip or --unknown repeat.")
                    }
                    return .init(
                        run: resumption.state.run, goesOnFrom: resumption.state, remarks: Self.remarks(on: resumption))
                }
            }
        }

        private static func remarks(on resumption: Resumption) -> [String] {
            let plan = resumption.plan
            var remarks: [String] = []
            if let range = plan.range {
                remarks.append("\(resumption.task) goes on at statement \(plan.step + 1), line \(range.line).")
            } else {
                remarks.append("\(resumption.task) has no statement left to run.")
            }
            for (steps, words) in [
                (plan.skipped, "not sent again"), (plan.replayed, "said again for the session"),
                (plan.repeated, "sent a second time"),
            ] where !steps.isEmpty {
                let noun = steps.count == 1 ? "Statement" : "Statements"
                remarks.append("\(noun) \(StatementReport.ranges(of: steps.map { $0 + 1 })): \(words).")
            }
            return remarks
        }
    }
}

extension UnknownStepChoice: ExpressibleByArgument {}
