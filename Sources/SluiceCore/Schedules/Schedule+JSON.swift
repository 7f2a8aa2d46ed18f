import Foundation

/// The JSON form, for files, API calls and the store. Stable: fields are added, never renamed.
///
/// | Field | Value |
/// |---|---|
/// | `once` | local date and time, `2026-03-08T02:30`; a date alone is its midnight |
/// | `every`, `from` | interval (`15 minutes`, `1 hour`, `2 days`), and the local date and time of the first |
/// | `cron` | ``CronExpression`` |
/// | `zone` | IANA time zone; required |
/// | `start`, `end` | local date and time, both included; an `end` without a time is the whole day |
/// | `jitter` | seconds; 0 |
/// | `overlap` | `skip`, `bufferOne`, `bufferAll`, `cancelOther`, `allowAll`; `skip` |
/// | `catchUp` | `latest`, `all`, `none`; `latest` |
/// | `catchUpWindow` | seconds, with `latest`; 86400 |
/// | `pauseAfterFailures` | number of failures in succession; never |
///
/// Exactly one of `once`, `every` and `cron` stands there. A field that this version does not know is refused, because a
/// misspelt one would otherwise run a job at the wrong time.
extension Schedule: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(json: JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// Reads the JSON form and holds it against every rule (``validate(at:)``).
    ///
    /// - Throws: ``DefinitionError`` with every problem found.
    public init(json: JSONValue) throws(DefinitionError) {
        guard case .object(let fields) = json else {
            throw DefinitionError(
                code: "schedule.wrong-type", "A schedule is a JSON object, this one is a \(json.kindName).")
        }
        var reader = Reader(fields)
        let timing = reader.timing()
        let zone = reader.zone()
        let start = reader.time("start")
        let end = reader.time("end", wholeDay: true)
        let jitter = reader.number("jitter") ?? 0
        let overlap = reader.choice("overlap", Overlap.allCases.map(\.rawValue)).flatMap(Overlap.init) ?? .skip
        let catchUp = reader.catchUp()
        let failures = reader.number("pauseAfterFailures")
        reader.refuseOtherFields()
        guard reader.problems.isEmpty, let timing, let zone else { throw DefinitionError(reader.problems) }
        self.init(
            timing, zone: zone, start: start, end: end, jitter: jitter, overlap: overlap, catchUp: catchUp,
            pauseAfterFailures: failures)
        try validate()
    }

    /// The JSON form, with what differs from the defaults alone.
    public var json: JSONValue {
        var fields: [String: JSONValue] = ["zone": .string(zone.identifier)]
        switch timing {
        case .once(let time): fields["once"] = .string(time.description)
        case .every(let interval, let from):
            fields["every"] = .string(interval.description)
            fields["from"] = .string(from.description)
        case .cron(let cron): fields["cron"] = .string(cron.text)
        }
        if let start {
            fields["start"] = .string(start.wall.flooredRemainder(86_400) == 0 ? start.dateText : start.description)
        }
        if let end {
            fields["end"] = .string(end.wall.flooredRemainder(86_400) == 86_399 ? end.dateText : end.description)
        }
        if jitter != 0 { fields["jitter"] = .integer(Int64(jitter)) }
        if overlap != .skip { fields["overlap"] = .string(overlap.rawValue) }
        switch catchUp {
        case .latest(CatchUp.standardWindow): break
        case .latest(let window): fields["catchUpWindow"] = .integer(Int64(window))
        case .all: fields["catchUp"] = "all"
        case .none: fields["catchUp"] = "none"
        }
        if let pauseAfterFailures { fields["pauseAfterFailures"] = .integer(Int64(pauseAfterFailures)) }
        return .object(fields)
    }
}

/// Takes the fields of a schedule's JSON, gathering what is wrong with them.
private struct Reader {
    private let fields: [String: JSONValue]
    private var known: Set<String> = []
    var problems: [DefinitionError.Problem] = []

    init(_ fields: [String: JSONValue]) { self.fields = fields }

    private mutating func refuse(_ code: String, _ path: String, _ message: String) {
        problems.append(.init(code: "schedule.\(code)", path: path, message: message))
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        let value = fields[name]
        return value == .null ? nil : value
    }

    private mutating func text(_ name: String) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else {
            refuse("wrong-type", name, "This must be text, not \(value.kindName).")
            return nil
        }
        return text
    }

    mutating func number(_ name: String) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .integer(let number) = value else {
            refuse("wrong-type", name, "This must be a whole number, not \(value.kindName).")
            return nil
        }
        return Int(number)
    }

    mutating func choice(_ name: String, _ choices: [String]) -> String? {
        guard let text = text(name) else { return nil }
        guard choices.contains(text) else {
            refuse(
                "choice", name,
                "There is no '\(text.prefix(64))' here. Write one of: \(choices.joined(separator: ", ")).")
            return nil
        }
        return text
    }

    mutating func time(_ name: String, wholeDay: Bool = false) -> LocalDateTime? {
        guard let text = text(name) else { return nil }
        guard let (value, saysTime) = LocalDateTime.reading(text) else {
            let zoned = text.utf8.count > 16 && LocalDateTime(String(text.prefix(16))) != nil
            refuse(
                "time", name,
                zoned
                    ? "Write it as the clock in the schedule's zone shows it, without Z or an offset: \(text.prefix(16))."
                    : "'\(text.prefix(64))' is no date and time. Write it as 2026-03-08T02:30.")
            return nil
        }
        guard wholeDay, !saysTime else { return value }
        return LocalDateTime(value.year, value.month, value.day, 23, 59, 59)
    }

    mutating func zone() -> ScheduleZone? {
        guard let name = text("zone") else {
            if fields["zone"] == nil || fields["zone"] == .null {
                refuse("missing-field", "zone", "A schedule needs a time zone, such as Europe/Berlin or UTC.")
            }
            return nil
        }
        do { return try ScheduleZone(name) } catch {
            problems += error.problems
            return nil
        }
    }

    mutating func timing() -> Schedule.Timing? {
        let forms = ["once", "every", "cron"]
        let found = forms.filter { fields[$0] != nil && fields[$0] != .null }
        known.formUnion(forms)
        guard found.count == 1 else {
            let what = found.isEmpty ? "none of them" : found.joined(separator: " and ")
            refuse("timing", found.last ?? "", "A schedule says one of once, every and cron; this one says \(what).")
            _ = take("from")
            return nil
        }
        if found[0] != "every", take("from") != nil {
            refuse("from", "from", "This goes with every; a first date for \(found[0]) is said by start.")
        }
        switch found[0] {
        case "once": return time("once").map(Schedule.Timing.once)
        case "cron":
            guard let text = text("cron") else { return nil }
            do { return .cron(try CronExpression(text)) } catch {
                problems += error.problems.map { .init(code: $0.code, path: "cron", message: $0.message) }
                return nil
            }
        default: return every()
        }
    }

    private mutating func every() -> Schedule.Timing? {
        let from = time("from")
        if fields["from"] == nil || fields["from"] == .null {
            refuse("missing-field", "from", "An interval needs the date and time of its first occurrence.")
        }
        guard let text = text("every") else { return nil }
        guard let interval = Schedule.Interval(text) else {
            refuse(
                "interval", "every", "'\(text.prefix(64))' is no interval. Write it as 15 minutes, 1 hour or 2 days.")
            return nil
        }
        return from.map { .every(interval, from: $0) }
    }

    mutating func catchUp() -> Schedule.CatchUp {
        let choice = choice("catchUp", ["latest", "all", "none"]) ?? "latest"
        let window = number("catchUpWindow")
        if choice != "latest", window != nil {
            refuse("window", "catchUpWindow", "This goes with \"catchUp\": \"latest\"; leave it out.")
        }
        switch choice {
        case "all": return .all
        case "none": return .none
        default: return .latest(window: window ?? Schedule.CatchUp.standardWindow)
        }
    }

    mutating func refuseOtherFields() {
        for name in fields.keys.sorted() where !known.contains(name) {
            refuse(
                "unknown-field", name, "There is no such field. Known here: \(known.sorted().joined(separator: ", ")).")
        }
    }
}
