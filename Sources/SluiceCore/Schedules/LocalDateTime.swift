/// A date and time as a clock on a wall shows them, in a zone that is said elsewhere.
///
/// Written `2026-03-08T02:30`, with `:SS` behind it when there are seconds. The calendar is the Gregorian one, before
/// its introduction as well (ISO 8601).
public struct LocalDateTime: Sendable, Hashable, Comparable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// 0 to 23.
    public let hour: Int
    public let minute: Int
    public let second: Int

    /// Nil when there is no such date or time: month 13, 30 February, 24:00.
    public init?(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0) {
        guard (1...9_999).contains(year), (1...12).contains(month),
            (1...CivilCalendar.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The wall clock's time, `seconds` after it showed 1970-01-01T00:00.
    init(wall seconds: Int) {
        let days = seconds.flooredQuotient(86_400)
        let rest = seconds - days * 86_400
        (year, month, day) = CivilCalendar.date(days)
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds from 1970-01-01T00:00 to this, both read off the wall: no zone and no change of clocks is in it.
    var wall: Int {
        CivilCalendar.days(to: year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    public static func < (lhs: LocalDateTime, rhs: LocalDateTime) -> Bool { lhs.wall < rhs.wall }

    /// `2026-03-08`.
    public var dateText: String { "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))" }

    /// `02:30`, or `02:30:15`.
    public var timeText: String {
        "\(digits(hour, 2)):\(digits(minute, 2))" + (second == 0 ? "" : ":\(digits(second, 2))")
    }

    private func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension LocalDateTime: CustomStringConvertible {
    public var description: String { "\(dateText)T\(timeText)" }
}

extension LocalDateTime {
    /// Reads `2026-03-08T02:30`, `2026-03-08 02:30:15`, or `2026-03-08` alone, which is its midnight.
    public init?(_ text: String) {
        guard let (value, _) = Self.reading(text) else { return nil }
        self = value
    }

    /// The same, and whether the text said a time.
    static func reading(_ text: String) -> (value: LocalDateTime, saysTime: Bool)? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 16 || bytes.count == 19 else { return nil }
        func number(_ start: Int, _ count: Int) -> Int? {
            var value = 0
            for byte in bytes[start..<(start + count)] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        func stands(_ sign: Unicode.Scalar, at index: Int) -> Bool { bytes[index] == UInt8(ascii: sign) }
        guard stands("-", at: 4), stands("-", at: 7), let year = number(0, 4), let month = number(5, 2),
            let day = number(8, 2)
        else { return nil }
        guard bytes.count > 10 else { return LocalDateTime(year, month, day).map { ($0, false) } }
        guard stands("T", at: 10) || stands(" ", at: 10), stands(":", at: 13), let hour = number(11, 2),
            let minute = number(14, 2)
        else { return nil }
        var second = 0
        if bytes.count == 19 {
            guard stands(":", at: 16), let seconds = number(17, 2) else { return nil }
            second = seconds
        }
        return LocalDateTime(year, month, day, hour, minute, second).map { ($0, true) }
    }
}

/// Dates of the Gregorian calendar as counts of days. Foundation's `Calendar` knows the same, a thousand times slower.
///
/// Source of both conversions: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*.
enum CivilCalendar {
    /// Days from 1970-01-01 to the date.
    static func days(to year: Int, _ month: Int, _ day: Int) -> Int {
        // Years begin in March, so that the leap day is a year's last.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that lies `days` after 1970-01-01.
    static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// 0 for Sunday to 6 for Saturday.
    static func weekday(_ days: Int) -> Int { (days + 4).flooredRemainder(7) }

    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int {
    /// The quotient rounded down, also for negative numbers.
    func flooredQuotient(_ divisor: Int) -> Int {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    /// What ``flooredQuotient(_:)`` leaves, 0 or more.
    func flooredRemainder(_ divisor: Int) -> Int { self - flooredQuotient(divisor) * divisor }

    /// The quotient rounded up, also for negative numbers.
    func ceiledQuotient(_ divisor: Int) -> Int { -(-self).flooredQuotient(divisor) }
}
