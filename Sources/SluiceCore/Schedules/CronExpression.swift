/// A pattern of minutes, in the language of cron: `30 2 * * MON-FRI`.
///
/// Five fields: minute (0–59), hour (0–23), day of month (1–31), month (1–12 or `JAN`–`DEC`), day of week (0–7 or
/// `SUN`–`SAT`; 0 and 7 are Sunday). A field is a list of `*`, `N`, `N-M`, each with a step behind it if wanted (`*/15`,
/// `10-40/10`; `5/20` means from 5 on). The day of month may be `L`, the last; a day of week may be `5L`, the month's last
/// Friday, or `1#2`, its second Monday. `?` means `*` in the two day fields. `@hourly`, `@daily`, `@midnight`, `@weekly`,
/// `@monthly`, `@yearly` and `@annually` are short for five fields.
///
/// **Both day fields.** As Vixie's cron has it: a day matches if either field does, unless one of the two begins with `*`
/// (or `?`), for then it must match both. So `0 0 13 * FRI` runs on each 13th and on each Friday, and `0 0 */2 * MON` on
/// Mondays that are odd days (crontab(5); `DOM_STAR` and `DOW_STAR` in Vixie's `entry.c` and `cron.c`).
///
/// **Sub-daily.** An expression that names more than one time of day is sub-daily (``isSubDaily``), and in the hour that the
/// clock shows twice it runs in both passes; an expression with a single time of day runs in the first. Cron itself goes by
/// the spelling: there a `*` in minute or hour runs in both passes, `0,30 1 * * *` in one, though `*/30 1 * * *` means
/// the same. Here two spellings of one pattern do the same. systemd's calendars run in both passes always.
public struct CronExpression: Sendable, Hashable {
    /// As written, in capitals and with single blanks between the fields.
    public let text: String
    let fields: Fields

    /// What the fields allow: bit `n` of a set stands for the value `n`.
    struct Fields: Sendable, Hashable {
        var minutes: UInt64 = 0
        var hours: UInt32 = 0
        var days: UInt32 = 0
        var lastDay = false
        var months: UInt32 = 0
        var weekdays: UInt32 = 0
        /// Bit `n` of element `w`: the month's `n`-th weekday `w`; bit 0: its last one.
        var countedWeekdays: [UInt8] = []
        /// Whether the field begins with `*`.
        var starDays = false
        var starWeekdays = false
    }

    /// - Throws: ``DefinitionError`` that names the field and the column; `cron.never` for an expression that no date
    ///   satisfies, such as 30 February.
    public init(_ text: String) throws(DefinitionError) {
        self = try CronParser.parse(text)
    }

    init(text: String, fields: Fields) {
        self.text = text
        self.fields = fields
    }

    /// How many times of day the expression names.
    public var timesOfDay: Int { fields.minutes.nonzeroBitCount * fields.hours.nonzeroBitCount }

    /// Whether it names more than one time of day.
    public var isSubDaily: Bool { timesOfDay > 1 }
}

extension CronExpression: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
