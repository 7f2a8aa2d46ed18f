extension CronExpression: CustomStringConvertible {
    /// The expression in words where they are short, such as `every 15 minutes` or `at 02:30 on Monday and Friday`; else
    /// `cron 5 4 1-7 * 2`.
    public var description: String {
        guard let times = timesText, let days = daysText else { return "cron \(text)" }
        if days == "every day" { return times.hasPrefix("every") ? times : "\(times) \(days)" }
        return "\(times) \(days)"
    }

    private static let everyMinute = (UInt64(1) << 60) - 1
    private static let everyHour = (UInt32(1) << 24) - 1
    private static let everyMonth = (UInt32(1) << 13) - 2
    private static let everyDay = UInt32.max - 1

    private var timesText: String? {
        if timesOfDay == 1 {
            return "at \(Self.two(fields.hours.trailingZeroBitCount)):\(Self.two(fields.minutes.trailingZeroBitCount))"
        }
        if fields.hours == Self.everyHour {
            if fields.minutes == Self.everyMinute { return "every minute" }
            if let step = Self.step(UInt64(fields.minutes), of: 60) { return "every \(step) minutes" }
            if fields.minutes == 1 { return "every hour" }
            if fields.minutes.nonzeroBitCount == 1 {
                return "every hour at \(fields.minutes.trailingZeroBitCount) past"
            }
            return nil
        }
        if fields.minutes == 1, let step = Self.step(UInt64(fields.hours), of: 24) { return "every \(step) hours" }
        guard timesOfDay <= 4 else { return nil }
        var times: [String] = []
        for hour in 0..<24 where fields.hours & (1 << UInt32(hour)) != 0 {
            for minute in 0..<60 where fields.minutes & (1 << UInt64(minute)) != 0 {
                times.append("\(Self.two(hour)):\(Self.two(minute))")
            }
        }
        return "at \(Self.list(times))"
    }

    private var daysText: String? {
        let anyWeekday = fields.weekdays == 0x7F && fields.countedWeekdays.isEmpty
        let anyDay = fields.days == Self.everyDay
        guard fields.months == Self.everyMonth else {
            // One date of the year.
            guard fields.months.nonzeroBitCount == 1, fields.days.nonzeroBitCount == 1, !fields.lastDay, anyWeekday,
                fields.starWeekdays
            else { return nil }
            return "on \(fields.days.trailingZeroBitCount) \(Self.monthNames[fields.months.trailingZeroBitCount - 1])"
        }
        if anyDay, anyWeekday { return "every day" }
        if anyDay, fields.starDays {
            var parts: [String] = []
            if fields.weekdays == 0b011_1110, fields.countedWeekdays.isEmpty { return "on Monday to Friday" }
            // A week begins with Monday, when days are told.
            for weekday in [1, 2, 3, 4, 5, 6, 0] {
                let name = Self.dayNames[weekday]
                if fields.weekdays & (1 << UInt32(weekday)) != 0 { parts.append(name) }
                guard !fields.countedWeekdays.isEmpty else { continue }
                for place in 1...5 where fields.countedWeekdays[weekday] & (1 << UInt8(place)) != 0 {
                    parts.append("the month's \(Self.placeNames[place - 1]) \(name)")
                }
                if fields.countedWeekdays[weekday] & 1 != 0 { parts.append("the month's last \(name)") }
            }
            return parts.count <= 4 ? "on \(Self.list(parts))" : nil
        }
        if anyWeekday, fields.starWeekdays {
            var parts = (1...31).filter { fields.days & (1 << UInt32($0)) != 0 }.map { "day \($0)" }
            if fields.lastDay { parts.append("the last day") }
            return parts.count <= 4 ? "on \(Self.list(parts)) of the month" : nil
        }
        return nil
    }

    /// The step with which the set goes from 0 through all of `count` values; nil if it does not, or has one value.
    private static func step(_ set: UInt64, of count: Int) -> Int? {
        guard set & 1 != 0, set.nonzeroBitCount > 1 else { return nil }
        let step = (set & ~1).trailingZeroBitCount
        guard count % step == 0 else { return nil }
        return stride(from: 0, to: count, by: step).reduce(UInt64(0)) { $0 | 1 << UInt64($1) } == set ? step : nil
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    private static func list(_ parts: [String]) -> String {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return "\(parts.dropLast().joined(separator: ", ")) and \(last)"
    }

    private static let dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let placeNames = ["first", "second", "third", "fourth", "fifth"]
    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}
