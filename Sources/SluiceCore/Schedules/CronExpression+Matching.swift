/// Walks over the wall times that match, jumping from field to field. All times are seconds on the wall since
/// 1970-01-01T00:00; matching ones are whole minutes.
extension CronExpression {
    /// The first matching time in `range`.
    func first(in range: Range<Int>) -> Int? {
        let start = range.lowerBound.ceiledQuotient(60)
        let end = range.upperBound.ceiledQuotient(60)
        guard start < end else { return nil }
        let startDay = start.flooredQuotient(1_440)
        var (year, month, day) = CivilCalendar.date(startDay)
        var monthStart = startDay - (day - 1)
        if fields.months & (1 << UInt32(month)) != 0 {
            let days = matchingDays(year, month, monthStart)
            if days & (1 << UInt32(day)) != 0, let time = firstTime(from: start - startDay * 1_440) {
                let found = startDay * 1_440 + time
                return found < end ? found * 60 : nil
            }
            if let found = firstDay(days, after: day, monthStart) { return found < end ? found * 60 : nil }
        }
        while true {
            monthStart += CivilCalendar.days(in: month, of: year)
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            guard monthStart * 1_440 < end else { return nil }
            guard fields.months & (1 << UInt32(month)) != 0 else { continue }
            day = 0
            if let found = firstDay(matchingDays(year, month, monthStart), after: day, monthStart) {
                return found < end ? found * 60 : nil
            }
        }
    }

    /// The last matching time in `range`.
    func last(in range: Range<Int>) -> Int? {
        let start = range.lowerBound.ceiledQuotient(60)
        let last = range.upperBound.ceiledQuotient(60) - 1
        guard start <= last else { return nil }
        let lastDay = last.flooredQuotient(1_440)
        var (year, month, day) = CivilCalendar.date(lastDay)
        var monthStart = lastDay - (day - 1)
        if fields.months & (1 << UInt32(month)) != 0 {
            let days = matchingDays(year, month, monthStart)
            if days & (1 << UInt32(day)) != 0, let time = lastTime(through: last - lastDay * 1_440) {
                let found = lastDay * 1_440 + time
                return found >= start ? found * 60 : nil
            }
            if let found = latestDay(days, before: day, monthStart) { return found >= start ? found * 60 : nil }
        }
        while monthStart * 1_440 > start {
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1)
            monthStart -= CivilCalendar.days(in: month, of: year)
            guard fields.months & (1 << UInt32(month)) != 0 else { continue }
            day = 32
            if let found = latestDay(matchingDays(year, month, monthStart), before: day, monthStart) {
                return found >= start ? found * 60 : nil
            }
        }
        return nil
    }

    /// How many matching times lie in `range`; costs a step for each month.
    func count(in range: Range<Int>) -> Int {
        let start = range.lowerBound.ceiledQuotient(60)
        let end = range.upperBound.ceiledQuotient(60)
        guard start < end else { return 0 }
        let startDay = start.flooredQuotient(1_440)
        let endDay = end.flooredQuotient(1_440)
        // Whole days, with the day of the end left out; then what the two ends cut off or add.
        var total = 0
        var (year, month, day) = CivilCalendar.date(startDay)
        var monthStart = startDay - (day - 1)
        while monthStart <= endDay {
            let length = CivilCalendar.days(in: month, of: year)
            if fields.months & (1 << UInt32(month)) != 0 {
                let days = matchingDays(year, month, monthStart)
                let upper = min(length, endDay - monthStart)  // the last whole day of the month within the range
                if upper >= day {
                    let whole = (UInt32.max << UInt32(day)) & ((1 << UInt32(upper)) | ((1 << UInt32(upper)) - 1))
                    total += (days & whole).nonzeroBitCount * timesOfDay
                }
                if startDay >= monthStart, startDay < monthStart + length,
                    days & (1 << UInt32(startDay - monthStart + 1)) != 0
                {
                    total -= times(before: start - startDay * 1_440)
                }
                if endDay < monthStart + length, days & (1 << UInt32(endDay - monthStart + 1)) != 0 {
                    total += times(before: end - endDay * 1_440)
                }
            }
            monthStart += length
            day = 1
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
        }
        return total
    }

    /// Whether any date at all matches. The calendar repeats itself after 400 years, to the weekday.
    var firesEver: Bool {
        let start = CivilCalendar.days(to: 2_000, 1, 1) * 86_400
        return first(in: start..<(start + 146_097 * 86_400)) != nil
    }

    /// The shortest time between two matching times of one day or of a day and the next, in seconds.
    var shortestGap: Int {
        var shortest = 86_400
        var earlier: Int?
        var time = firstTime(from: 0)
        let first = time ?? 0
        while let now = time {
            if let earlier { shortest = min(shortest, (now - earlier) * 60) }
            earlier = now
            time = firstTime(from: now + 1)
        }
        return min(shortest, (1_440 - (earlier ?? 0) + first) * 60)
    }

    // MARK: - Days

    /// The matching days of a month, bit `n` for day `n`.
    ///
    /// - Parameter monthStart: the first day, as days since 1970.
    private func matchingDays(_ year: Int, _ month: Int, _ monthStart: Int) -> UInt32 {
        let length = CivilCalendar.days(in: month, of: year)
        var days = fields.days
        if fields.lastDay { days |= 1 << UInt32(length) }
        // Bits 1 to `length`.
        let all = UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(length)) - 2)
        days &= all
        if fields.weekdays == 0x7F, fields.countedWeekdays.isEmpty {
            return fields.starDays || fields.starWeekdays ? days : all
        }
        let firstWeekday = CivilCalendar.weekday(monthStart)
        var byWeekday: UInt32 = 0
        for weekday in 0..<7 {
            // The first such day; the others follow at distances of seven.
            let first = UInt32((weekday - firstWeekday + 7) % 7 + 1)
            if fields.weekdays & (1 << UInt32(weekday)) != 0 { byWeekday |= 0x1020_4081 << first }
            guard !fields.countedWeekdays.isEmpty else { continue }
            let counted = fields.countedWeekdays[weekday]
            for place in 1...5 where counted & (1 << UInt8(place)) != 0 {
                byWeekday |= 1 << (first + UInt32(place - 1) * 7)
            }
            if counted & 1 != 0 {
                byWeekday |= 1 << (first + (UInt32(length) - first) / 7 * 7)
            }
        }
        byWeekday &= all
        return fields.starDays || fields.starWeekdays ? days & byWeekday : days | byWeekday
    }

    /// The first time of the first of `days` after `day`, in minutes since 1970.
    private func firstDay(_ days: UInt32, after day: Int, _ monthStart: Int) -> Int? {
        let later = day >= 31 ? 0 : days & (UInt32.max << UInt32(day + 1))
        guard later != 0, let time = firstTime(from: 0) else { return nil }
        return (monthStart + later.trailingZeroBitCount - 1) * 1_440 + time
    }

    /// The last time of the last of `days` before `day`, in minutes since 1970.
    private func latestDay(_ days: UInt32, before day: Int, _ monthStart: Int) -> Int? {
        let earlier = day >= 32 ? days : days & ((1 << UInt32(day)) - 1)
        guard earlier != 0, let time = lastTime(through: 1_439) else { return nil }
        return (monthStart + 31 - earlier.leadingZeroBitCount - 1) * 1_440 + time
    }

    // MARK: - Times of day, in minutes since midnight

    private func firstTime(from minute: Int) -> Int? {
        guard minute < 1_440 else { return nil }
        let hour = minute / 60
        if fields.hours & (1 << UInt32(hour)) != 0 {
            let minutes = fields.minutes & (UInt64.max << UInt64(minute % 60))
            if minutes != 0 { return hour * 60 + minutes.trailingZeroBitCount }
        }
        let hours = fields.hours & (UInt32.max << UInt32(hour + 1))
        return hours == 0 ? nil : hours.trailingZeroBitCount * 60 + fields.minutes.trailingZeroBitCount
    }

    private func lastTime(through minute: Int) -> Int? {
        let hour = minute / 60
        if fields.hours & (1 << UInt32(hour)) != 0 {
            let minutes = fields.minutes & ((2 << UInt64(minute % 60)) - 1)
            if minutes != 0 { return hour * 60 + 63 - minutes.leadingZeroBitCount }
        }
        let hours = fields.hours & ((1 << UInt32(hour)) - 1)
        return hours == 0 ? nil : (31 - hours.leadingZeroBitCount) * 60 + 63 - fields.minutes.leadingZeroBitCount
    }

    private func times(before minute: Int) -> Int {
        let hour = minute / 60
        let whole = (fields.hours & ((1 << UInt32(hour)) - 1)).nonzeroBitCount * fields.minutes.nonzeroBitCount
        guard fields.hours & (1 << UInt32(hour)) != 0 else { return whole }
        return whole + (fields.minutes & ((1 << UInt64(minute % 60)) - 1)).nonzeroBitCount
    }
}
