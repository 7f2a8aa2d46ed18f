/// The instants that lie a whole number of intervals after a first local time.
///
/// Minutes and hours are elapsed time from the first instant on. Days are counted on the wall and then looked up in the zone,
/// so that the time of day stays.
struct IntervalGrid {
    private let step: Int
    private let isWall: Bool
    /// The first time on the wall.
    private let origin: Int
    private let rules: ZoneRules

    init(_ interval: Schedule.Interval, from origin: Int, _ rules: ZoneRules) {
        step = interval.seconds
        isWall = interval.unit == .days
        self.origin = origin
        self.rules = rules
    }

    func first(from lower: Int, through upper: Int) -> Occurrence? {
        var place = place(notBehind: lower)
        while true {
            let found = occurrence(at: place)
            if found.instant > upper { return nil }
            if found.instant >= lower { return found }
            place += 1
        }
    }

    func last(from lower: Int, through upper: Int) -> Occurrence? {
        // Days: two more, and the clock shows a later time than at `upper`, whatever it is set to.
        var place = (upper + (isWall ? 2 * 86_400 : 0) - originInstant).flooredQuotient(step)
        while place >= 0 {
            let found = occurrence(at: place)
            if found.instant <= upper {
                guard found.instant >= lower else { return nil }
                return earliest(like: found, at: place)
            }
            place -= 1
        }
        return nil
    }

    func count(from lower: Int, through upper: Int) -> Int {
        if isWall, rules.skipsWholeDays {
            // Times of two days may be one occurrence there.
            var total = 0
            var lower = lower
            while let found = first(from: lower, through: upper) {
                total += 1
                lower = found.instant + 1
            }
            return total
        }
        guard let first = first(from: lower, through: upper), let last = last(from: lower, through: upper) else {
            return 0
        }
        let walls = (last.intended.wall - first.intended.wall) / step
        return (isWall ? walls : (last.instant - first.instant) / step) + 1
    }

    /// A place on the grid at or shortly before that of the first occurrence from `instant` on.
    private func place(notBehind instant: Int) -> Int {
        let distance = instant - originInstant
        return max(0, isWall ? (distance - 2 * 86_400).flooredQuotient(step) : distance.ceiledQuotient(step))
    }

    private var originInstant: Int { rules.first(origin).instant }

    /// The first of the times that fall on the same instant, as ``first(from:through:)`` finds it.
    private func earliest(like found: Occurrence, at place: Int) -> Occurrence {
        guard isWall, rules.skipsWholeDays, place > 0 else { return found }
        let before = occurrence(at: place - 1)
        return before.instant == found.instant ? earliest(like: before, at: place - 1) : found
    }

    private func occurrence(at place: Int) -> Occurrence {
        if isWall || place == 0 {
            let wall = origin + place * step
            let (instant, segment, mark) = rules.first(wall)
            return Occurrence(instant: instant, offset: segment.offset, mark: mark, wall: wall)
        }
        let instant = originInstant + place * step
        let segment = rules.segment(at: instant)
        return Occurrence(
            instant: instant, offset: segment.offset, mark: segment.mark(ofWall: instant + segment.offset))
    }
}
