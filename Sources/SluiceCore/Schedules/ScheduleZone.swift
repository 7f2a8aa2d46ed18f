import Foundation

/// A time zone of the IANA database, such as `Europe/Berlin`, that is known to exist.
public struct ScheduleZone: Sendable, Hashable, CustomStringConvertible {
    /// As the person wrote it.
    public let identifier: String
    let rules: ZoneRules

    /// Coordinated universal time, without any change of clocks.
    public static let utc = ScheduleZone(identifier: "UTC", zone: .gmt)

    /// - Throws: ``DefinitionError`` `schedule.zone`, with names that come near.
    public init(_ identifier: String) throws(DefinitionError) {
        guard let known = Known.shared.zone(identifier) else {
            throw DefinitionError(code: "schedule.zone", path: "zone", Self.refusal(of: identifier))
        }
        self = known
    }

    fileprivate init(identifier: String, zone: TimeZone) {
        self.identifier = identifier
        rules = ZoneRules.of(zone, named: identifier)
    }

    public var description: String { identifier }
    public static func == (lhs: ScheduleZone, rhs: ScheduleZone) -> Bool { lhs.identifier == rhs.identifier }
    public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }

    // MARK: - Which names are zones

    /// Names without a slash that the IANA database holds. ICU knows further ones (`PST`, `IST`), each for one of the zones
    /// that people call so, and makes zones up out of `GMT+3`; those are refused, because they would be taken for what
    /// they are not.
    private static let plainNames: Set<String> = [
        "UTC", "GMT", "UCT", "Zulu", "Universal", "Greenwich", "EST", "MST", "HST", "EST5EDT", "CST6CDT", "MST7MDT",
        "PST8PDT", "CET", "EET", "MET", "WET", "Cuba", "Egypt", "Eire", "GB", "GB-Eire", "Hongkong", "Iceland", "Iran",
        "Israel", "Jamaica", "Japan", "Kwajalein", "Libya", "NZ", "NZ-CHAT", "Navajo", "PRC", "Poland", "Portugal",
        "ROC", "ROK", "Singapore", "Turkey", "W-SU",
    ]

    private static func found(_ identifier: String) -> TimeZone? {
        if identifier == "UTC" { return .gmt }
        guard identifier.utf8.count <= 64, plainNames.contains(identifier) || identifier.contains("/"),
            !identifier.hasPrefix("SystemV/"), let zone = TimeZone(identifier: identifier)
        else { return nil }
        return zone
    }

    private static func refusal(of identifier: String) -> String {
        let text = identifier.prefix(64)
        let near = suggestions(for: String(text))
        let remedy =
            near.isEmpty
            ? "Write a name of the IANA database, such as Europe/Berlin, America/New_York or UTC."
            : "Did you mean \(near.joined(separator: " or "))?"
        return identifier.isEmpty ? "A schedule needs a time zone. \(remedy)" : "No time zone '\(text)'. \(remedy)"
    }

    /// At most two names: those that differ in few letters, or whose place does (`berlin`, `New York`).
    private static func suggestions(for identifier: String) -> [String] {
        let names = TimeZone.knownTimeZoneIdentifiers + ["UTC"]
        let wanted = identifier.replacing(" ", with: "_")
        if wanted.contains("/") {
            let near = NameSuggestion.nearest(to: wanted, among: names)
            if !near.isEmpty { return near }
        }
        let place = wanted.split(separator: "/").last.map(String.init) ?? wanted
        guard place.count > 2 else { return [] }
        var byPlace: [String: String] = [:]
        for name in names { byPlace[name.split(separator: "/").last.map(String.init) ?? name] = name }
        return NameSuggestion.nearest(to: place, among: Array(byPlace.keys)).compactMap { byPlace[$0] }
    }

    /// The zones that were asked for, because a hundred thousand schedules name few zones.
    ///
    /// `@unchecked`: ``zones`` is read and written under ``lock`` alone.
    private final class Known: @unchecked Sendable {
        static let shared = Known()
        private let lock = NSLock()
        private var zones: [String: ScheduleZone] = [:]

        func zone(_ identifier: String) -> ScheduleZone? {
            lock.lock()
            defer { lock.unlock() }
            if let known = zones[identifier] { return known }
            guard let found = ScheduleZone.found(identifier) else { return nil }
            let zone = ScheduleZone(identifier: identifier, zone: found)
            zones[identifier] = zone
            return zone
        }
    }
}
