import ArgumentParser
import Sluice
import SluiceServer

struct ScheduleSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Have a saved job run by itself.",
        discussion: """
            At one time (--at), again and again (--every with --from), by a cron expression (--cron), after another job \
            (--after), or when an object of a source appears or changes (--object). Times are local ones of --zone.

            A local time that the clock skips runs at the first instant behind it; one that it shows twice runs once, or \
            in both passes when the schedule runs several times a day. A job's only schedule is replaced, unless --add \
            gives it another.
            """)

    @Argument(help: "The job's name or number.") var job: String
    @OptionGroup var timing: ScheduleTiming
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The first time, with --every.", valueName: "date time"))
    var from: [String] = []
    @Option(help: ArgumentHelp("Nothing before this local time.", valueName: "date time")) var start: String?
    @Option(help: ArgumentHelp("Nothing after this local time; a date alone is the whole day.", valueName: "date time"))
    var end: String?
    @Option(help: "While a run has not ended: skip, buffer-one, buffer-all, cancel-other or allow-all. [default: skip]")
    var overlap: String?
    @Option(
        name: .customLong("catch-up"),
        help: "What passed while no server ran: the latest, all or none. [default: latest]")
    var catchUp: String?
    @Option(
        name: .customLong("catch-up-window"),
        help: ArgumentHelp("How far back the latest is caught up; a day otherwise.", valueName: "seconds"))
    var window: Int?
    @Option(help: ArgumentHelp("Start up to so much later, to spread the load.", valueName: "seconds"))
    var jitter: Int?
    @Option(name: .customLong("pause-after"), help: ArgumentHelp("Pause after so many failures.", valueName: "n"))
    var pauseAfter: Int?
    @Option(help: ArgumentHelp("Run when this job has ended.", valueName: "job")) var after: String?
    @Option(help: "With --after: success, failure or any. [default: success]") var on: String?
    @Option(help: ArgumentHelp("Run when such an object appears or changes: 'raw/*.csv'.", valueName: "glob"))
    var object: String?
    @Option(help: ArgumentHelp("With --object: of this source alone.", valueName: "name")) var source: String?
    @Flag(help: "Leave the job's other schedules as they are.") var add = false
    @Option(help: ArgumentHelp("Replace this one of the job's schedules.", valueName: "id")) var schedule: Int64?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard [timing.isGiven, after != nil, object != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("Say one of --at, --every, --cron, --after and --object.")
        }
        if on != nil, after == nil { throw ValidationError("--on goes with --after.") }
        if source != nil, object == nil { throw ValidationError("--source goes with --object.") }
        if add, schedule != nil { throw ValidationError("--add goes without --schedule.") }
    }

    func run() async throws {
        let trigger = after == nil ? try Trigger(json: json) : nil
        let place: SaveSchedule.Place = add ? .another : schedule.map { .number(ScheduleID($0)) } ?? .only
        let info = try await global.withExistingFolder { folder in
            // Another job is found by its name, where the jobs are.
            let known = if let trigger { trigger } else { try await ending(through: folder.client) }
            return try await folder.client.perform(SaveSchedule(known, of: job, place: place))
        }
        guard !global.json else { return Output.standard.write(ScheduleDocument(info).json) }
        let zone = info.zone.map { ", \($0)" } ?? ""
        // The same words whether a server runs: who asks must not see which door it went through.
        Output.standard.line(
            "'\(info.jobText)' runs \(DisplayText.safe("\(info.schedule.trigger)"))\(zone): schedule "
                + "\(info.schedule.id). 'sluice serve' starts it.\(info.nextSentence)")
        if info.schedule.state.pause != nil { Output.standard.line("It is paused: 'sluice schedule resume'.") }
    }

    private func ending(through client: any EngineClient) async throws -> Trigger {
        let id = try await client.perform(FindJob(after ?? "")).id
        return try Trigger(json: ["after": .integer(id.rawValue), "on": .string(on ?? "success")])
    }

    /// The trigger's JSON form.
    private var json: JSONValue {
        if let object {
            var fields: [String: JSONValue] = ["object": .string(object)]
            if let source { fields["source"] = .string(source) }
            return .object(fields)
        }
        var fields = timing.fields
        if !from.isEmpty { fields["from"] = .string(from.joined(separator: " ")) }
        if let start { fields["start"] = .string(start) }
        if let end { fields["end"] = .string(end) }
        if let overlap { fields["overlap"] = .string(Self.camelCase(overlap)) }
        if let catchUp { fields["catchUp"] = .string(catchUp) }
        if let window { fields["catchUpWindow"] = .integer(Int64(window)) }
        if let jitter { fields["jitter"] = .integer(Int64(jitter)) }
        if let pauseAfter { fields["pauseAfterFailures"] = .integer(Int64(pauseAfter)) }
        return .object(fields)
    }

    /// `buffer-one` as files have it: `bufferOne`.
    private static func camelCase(_ word: String) -> String {
        let parts = word.split(separator: "-")
        return parts.prefix(1).joined() + parts.dropFirst().map(\.capitalized).joined()
    }
}
