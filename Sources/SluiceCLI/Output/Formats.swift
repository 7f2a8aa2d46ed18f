import Foundation

/// How times and amounts read.
enum Formats {
    /// `0.4 ms`, `4.1 s`, `2 min 03 s`, `1 h 05 min`.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<0.00995: return "\(fixed(max(0, seconds) * 1_000, 1)) ms"
        case ..<0.0995: return "\(fixed(max(0, seconds) * 1_000, 0)) ms"
        case ..<59.95: return "\(fixed(seconds, 1)) s"
        case ..<3_600:
            let whole = Int(seconds.rounded())
            return "\(whole / 60) min \(twoDigits(whole % 60)) s"
        default:
            let minutes = Int(seconds / 60)
            return "\(minutes / 60) h \(twoDigits(minutes % 60)) min"
        }
    }

    static func duration(from start: Date?, to end: Date?) -> String {
        guard let start else { return "" }
        return duration((end ?? Date()).timeIntervalSince(start))
    }

    /// `336,776`
    static func count(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (number < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    /// `1 row`, `3 rows`
    static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// `1st`, `2nd`, `3rd`, `11th`
    static func ordinal(_ number: Int) -> String {
        let ending =
            switch (number % 10, number % 100) {
            case (_, 11...13): "th"
            case (1, _): "st"
            case (2, _): "nd"
            case (3, _): "rd"
            default: "th"
            }
        return count(number) + ending
    }

    /// `500 bytes`, `512 MiB`, `2 GiB`: in the largest unit that divides it.
    static func bytes(_ number: Int) -> String {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")]
        where number >= 1 << shift && number.isMultiple(of: 1 << shift) {
            return "\(count(number >> shift)) \(unit)"
        }
        return count(number, "byte")
    }

    /// `2026-07-06 09:42`, in the machine's own zone.
    static func time(_ date: Date?) -> String {
        guard let date else { return "" }
        return date.formatted(
            Date.VerbatimFormatStyle(
                format:
                    "\(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
                timeZone: .current, calendar: Calendar(identifier: .gregorian)))
    }

    /// `2026-07-06 09:42:13`, in the machine's own zone.
    static func instant(_ date: Date) -> String {
        date.formatted(
            Date.VerbatimFormatStyle(
                format:
                    "\(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
                timeZone: .current, calendar: Calendar(identifier: .gregorian)))
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
