import ArgumentParser
import Sluice
import SluiceServer

extension RunsCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a run with its tasks and statements.")

        /// How many elements of one task are listed for people.
        private static let elementLimit = 20
        /// How many past attempts.
        private static let attemptLimit = 20

        @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int64
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let (state, records, places) = try await global.withExistingFolder { folder in
                let state = try await folder.client.perform(FindRun(RunID(number)))
                let places = state.run.status.isEnded ? [:] : try await folder.client.perform(FindPlaces(state.run.id))
                return (state, try await AttemptRecord.all(of: state, through: folder.client), places)
            }
            guard !global.json else {
                return Output.standard.write(RunDocument(state, records, places: places).json)
            }
            let output = Output.standard
            let style = output.style
            output.line("\(style.bold(DisplayText.safe(state.run.definition.name))) · run \(state.run.id)")
            let again = state.run.rerunOf.map { " of run \($0)" } ?? ""
            output.line(
                style.dim(
                    "\(state.run.trigger.rawValue)\(again) by \(state.run.initiator), started "
                        + Formats.time(state.run.startedAt ?? state.run.submittedAt)))
            if !state.run.parameters.isEmpty {
                let shown = ShownValue.parameters(state.run.parameters).sorted { $0.key < $1.key }
                    .map { "\($0.key) = \($0.value.canonicalText)" }.joined(separator: ", ")
                output.line(style.dim(DisplayText.fit(DisplayText.safe("Parameters: \(shown)"), output.width)))
            }
            for line in Self.table(of: state, records, places).lines(style: style) { output.line(line) }
            Self.printAttempts(of: state, to: output)
            RunSummary(state, records: records).print(to: output)
        }

        private static func table(of state: RunState, _ records: [AttemptRecord], _ places: [Int: Int]) -> TextTable {
            var table = TextTable(
                ["Task run", "Task", "Script", "Status", "Took", "Statements", "Where", "Reason"],
                rightAligned: [4, 5])
            func add(_ position: Int, _ name: String, reason: String?, isGroup: Bool = false) {
                let task = state.tasks[position]
                let done = records[position].steps.count { $0.end?.failure == nil && $0.end != nil }
                table.add([
                    "\(task.id)", name, task.pinned.script.name, task.state.label,
                    Formats.duration(from: task.startedAt, to: task.endedAt),
                    // A for-each sends no statements of its own.
                    task.pinned.stepCount == 0 || isGroup ? "" : "\(done) of \(task.pinned.stepCount)",
                    "\(task.pinned.target.database).\(task.pinned.target.schema), pool \(task.pool)",
                    reason ?? "",
                ])
            }
            for group in state.groups {
                let reason = group.task.reason(placeInLine: places[group.position])
                let tally = group.elements.isEmpty ? nil : ElementTally(group.elements).words
                add(group.position, group.task.name, reason: tally ?? reason, isGroup: tally != nil)
                // Whatever is not done comes first when there is no room for all.
                let all = group.elementPositions
                let open = all.filter { state.tasks[$0].state != .succeeded }
                let listed = all.count > elementLimit ? (open.isEmpty ? all : open).prefix(elementLimit) : all[...]
                for position in listed {
                    let task = state.tasks[position]
                    let item = task.item.map { ShownValue.value($0).canonicalText } ?? ""
                    add(
                        position, "  [\(task.id.element ?? 0)] \(DisplayText.fit(DisplayText.safe(item), 24))",
                        reason: task.reason(placeInLine: places[position]))
                }
                if listed.count < all.count {
                    let rest = Formats.count(all.count - listed.count)
                    table.add(["", "  … and \(rest) more", "", "", "", "", "", ""])
                }
            }
            return table
        }

        private static func printAttempts(of state: RunState, to output: Output) {
            let attempts = state.displayOrder.flatMap { position in
                state.tasks[position].history.map { (state.tasks[position], $0) }
            }
            guard !attempts.isEmpty else { return }
            output.line()
            var table = TextTable(["Earlier attempt", "Task", "Status", "Took", "Reason"], rightAligned: [3])
            for (task, attempt) in attempts.suffix(attemptLimit) {
                table.add([
                    "\(task.id)#\(attempt.number)", task.displayName, attempt.state.label,
                    Formats.duration(from: attempt.startedAt, to: attempt.endedAt), attempt.reason ?? "",
                ])
            }
            for line in table.lines(style: output.style) { output.line(line) }
            if attempts.count > attemptLimit {
                output.line("… and \(Formats.count(attempts.count - attemptLimit)) before these")
            }
        }
    }
}
