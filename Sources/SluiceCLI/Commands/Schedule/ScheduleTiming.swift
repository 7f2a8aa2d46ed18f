import ArgumentParser
import Sluice

/// When something is to run: the options that make up a ``Schedule``.
struct ScheduleTiming: ParsableArguments {
    @Option(parsing: .upToNextOption, help: ArgumentHelp("Once, at this local time.", valueName: "date time"))
    var at: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Again and again: 15 minutes, 1 hour, 2 days; with --from.", valueName: "n unit"))
    var every: [String] = []
    @Option(help: ArgumentHelp("By a cron expression: '30 2 * * MON-FRI', @daily.", valueName: "expression"))
    var cron: String?
    @Option(help: ArgumentHelp("The IANA time zone, such as Europe/Berlin or UTC.", valueName: "name"))
    var zone: String?

    var isGiven: Bool { !at.isEmpty || !every.isEmpty || cron != nil }

    /// The fields of a schedule's JSON.
    var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        if !at.isEmpty { fields["once"] = .string(at.joined(separator: " ")) }
        if !every.isEmpty { fields["every"] = .string(every.joined(separator: " ")) }
        if let cron { fields["cron"] = .string(cron) }
        if let zone { fields["zone"] = .string(zone) }
        return fields
    }
}
