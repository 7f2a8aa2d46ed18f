/// Reads cron expressions, and says where one goes wrong.
struct CronParser {
    private static let shorthands: [(name: String, meaning: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ]
    /// Nobody writes a longer one by hand, and each of its list's items costs time.
    private static let longest = 512

    static func parse(_ text: String) throws(DefinitionError) -> CronExpression {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard text.utf8.count <= longest else {
            throw DefinitionError(
                code: "cron.too-long", "A cron expression has at most \(longest) characters; this one has more.")
        }
        guard let first = words.first else {
            throw DefinitionError(
                code: "cron.empty", "A cron expression has five fields: minute, hour, day of month, month, day of week."
            )
        }
        if first.hasPrefix("@") {
            return try CronExpression(text: first.lowercased(), fields: shorthand(words))
        }
        guard words.count == 5 else { throw DefinitionError(code: "cron.fields", wrongCount(words.count)) }

        var fields = CronExpression.Fields()
        fields.minutes = try read(.minute, words[0], in: text).values
        fields.hours = UInt32(try read(.hour, words[1], in: text).values)
        let days = try read(.dayOfMonth, words[2], in: text)
        fields.days = UInt32(days.values)
        fields.lastDay = days.last
        fields.starDays = days.star
        fields.months = UInt32(try read(.month, words[3], in: text).values)
        let weekdays = try read(.dayOfWeek, words[4], in: text)
        fields.weekdays = UInt32(weekdays.values & 0x7F)
        fields.countedWeekdays = weekdays.counted
        fields.starWeekdays = weekdays.star

        let expression = CronExpression(
            text: words.map { $0.uppercased() }.joined(separator: " "), fields: fields)
        guard expression.firesEver else {
            throw DefinitionError(
                code: "cron.never",
                "No date matches day of month '\(words[2])', month '\(words[3])' and day of week '\(words[4])', so it "
                    + "would never run. For the last day of a month write L as the day of month.")
        }
        return expression
    }

    private static func shorthand(_ words: [Substring]) throws(DefinitionError) -> CronExpression.Fields {
        let name = words[0].lowercased()
        let known = shorthands.map(\.name).joined(separator: ", ")
        guard words.count == 1 else {
            throw DefinitionError(code: "cron.fields", "Nothing may follow \(name); write it alone, or five fields.")
        }
        if name == "@reboot" {
            throw DefinitionError(
                code: "cron.shorthand", "@reboot names no time. A schedule needs one; there are \(known).")
        }
        guard let meaning = shorthands.first(where: { $0.name == name })?.meaning else {
            throw DefinitionError(code: "cron.shorthand", "There is no \(name.prefix(32)). There are \(known).")
        }
        return try parse(meaning).fields
    }

    private static func wrongCount(_ count: Int) -> String {
        let wanted = "A cron expression has five fields: minute, hour, day of month, month, day of week; this one has "
        return count == 6 || count == 7
            ? "\(wanted)\(count). Seconds and years have none here: leave them out."
            : "\(wanted)\(count). Write * for a field that does not matter."
    }

    // MARK: - One field

    private struct Field {
        var name: String
        var range: ClosedRange<Int>
        var names: [String] = []
        /// The value of the first name.
        var firstName = 0

        static let minute = Field(name: "minute", range: 0...59)
        static let hour = Field(name: "hour", range: 0...23)
        static let dayOfMonth = Field(name: "day of month", range: 1...31)
        static let month = Field(
            name: "month", range: 1...12,
            names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], firstName: 1)
        static let dayOfWeek = Field(
            name: "day of week", range: 0...7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

        var isDay: Bool { name == "day of month" || name == "day of week" }
        var values: String {
            "\(range.lowerBound) to \(range.upperBound)"
                + (names.isEmpty ? "" : " or \(names[0]) to \(names[names.count - 1])")
        }
    }

    private struct Reading {
        var values: UInt64 = 0
        var last = false
        var counted: [UInt8] = []
        var star = false
    }

    private let field: Field
    /// The field's text in capitals.
    private let bytes: [UInt8]
    /// The column of the field's first character in the expression, from 1.
    private let column: Int
    private var index = 0
    private var reading = Reading()

    private static func read(_ field: Field, _ word: Substring, in text: String) throws(DefinitionError) -> Reading {
        var parser = CronParser(
            field: field, bytes: Array(word.uppercased().utf8),
            column: text.distance(from: text.startIndex, to: word.startIndex) + 1)
        repeat { try parser.readItem() } while parser.skips(",")
        guard parser.index == parser.bytes.count else {
            throw parser.refusal("does not belong here; the \(parser.field.name) takes \(parser.field.values)")
        }
        return parser.reading
    }

    private init(field: Field, bytes: [UInt8], column: Int) {
        self.field = field
        self.bytes = bytes
        self.column = column
        reading.star = bytes.first == UInt8(ascii: "*") || bytes.first == UInt8(ascii: "?")
    }

    private mutating func readItem() throws(DefinitionError) {
        let start = index
        if skips("*") {
            return add(field.range.lowerBound, field.range.upperBound, step: try readStep())
        }
        if field.isDay, skips("?") { return add(field.range.lowerBound, field.range.upperBound, step: 1) }
        if skips("L") {
            guard field.name == "day of month" else {
                index = start
                throw refusal(
                    field.name == "day of week"
                        ? "needs a day before it: 5L is the month's last Friday"
                        : "means the last day and stands in a day field")
            }
            reading.last = true
            return
        }
        let low = try readValue()
        if field.name == "day of week" {
            if skips("L") { return count(low, bit: 0) }
            if skips("#") {
                let start = index
                guard let place = readNumber(), (1...5).contains(place) else {
                    index = start
                    throw refusal("must be a number from 1 to 5 behind '#': 1#2 is the month's second Monday")
                }
                return count(low, bit: place)
            }
        }
        guard skips("-") else {
            // `5/20` is from 5 on, a number alone is itself.
            let step = try readStepIfAny()
            return add(low, step == nil ? low : field.range.upperBound, step: step ?? 1)
        }
        var high = try readValue()
        // A week that ends on Sunday.
        if field.name == "day of week", high == 0, low > 0 { high = 7 }
        guard low <= high else {
            index = start
            throw refusal("runs backwards; write it as two ranges with a comma between them")
        }
        add(low, high, step: try readStep())
    }

    private mutating func count(_ weekday: Int, bit: Int) {
        if reading.counted.isEmpty { reading.counted = Array(repeating: 0, count: 7) }
        reading.counted[weekday % 7] |= 1 << UInt8(bit)
    }

    private mutating func add(_ low: Int, _ high: Int, step: Int) {
        for value in stride(from: low, through: high, by: step) { reading.values |= 1 << UInt64(value) }
        guard field.name == "day of week" else { return }
        // 7 is Sunday as well as 0.
        if reading.values & 0x80 != 0 { reading.values |= 1 }
        reading.values &= 0x7F
    }

    private mutating func readStep() throws(DefinitionError) -> Int { try readStepIfAny() ?? 1 }

    private mutating func readStepIfAny() throws(DefinitionError) -> Int? {
        guard skips("/") else { return nil }
        let start = index
        guard let step = readNumber(), step > 0 else {
            index = start
            throw refusal("must be a step of 1 or more behind '/'")
        }
        let most = field.name == "day of week" ? 7 : field.range.count
        guard step <= most else {
            index = start
            throw refusal(
                "is too long a step: the \(field.name) has \(most) values and starts anew behind them. For a steady "
                    + "rhythm use an interval instead of a cron expression")
        }
        return step
    }

    private mutating func readValue() throws(DefinitionError) -> Int {
        let start = index
        if let number = readNumber() {
            guard field.range.contains(number) else {
                index = start
                throw refusal("is no \(field.name); it takes \(field.values)")
            }
            return number
        }
        // Three letters, so that the `L` of `FRIL` is none of the name.
        if index + 3 <= bytes.count,
            let place = field.names.firstIndex(where: { $0.utf8.elementsEqual(bytes[index..<(index + 3)]) })
        {
            index += 3
            return place + field.firstName
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "W") || bytes[index] == UInt8(ascii: "?") {
            throw refusal("is not supported here; the \(field.name) takes \(field.values)")
        }
        throw refusal("is no \(field.name); it takes \(field.values)")
    }

    private mutating func readNumber() -> Int? {
        var value = 0
        let start = index
        while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
            value = min(value * 10 + Int(bytes[index] - UInt8(ascii: "0")), 100_000)
            index += 1
        }
        return index == start ? nil : value
    }

    private mutating func skips(_ sign: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: sign) else { return false }
        index += 1
        return true
    }

    private func refusal(_ what: String) -> DefinitionError {
        let rest = bytes[index...].prefix { $0 != UInt8(ascii: ",") }.prefix(20)
        let found = rest.isEmpty ? "nothing" : "'\(String(decoding: rest, as: UTF8.self))'"
        return DefinitionError(
            code: "cron.\(field.name.split(separator: " ").joined(separator: "-"))",
            "\(field.name.prefix(1).uppercased())\(field.name.dropFirst()), column \(column + index): \(found) \(what)."
        )
    }
}
