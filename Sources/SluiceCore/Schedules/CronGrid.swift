/// The instants at which a cron expression fires in a zone.
///
/// Works segment by segment: within one the clock runs evenly, and what matches on the wall is found by jumping from field
/// to field. A segment that begins with skipped wall times fires at its first instant if one of them matches.
struct CronGrid {
    private let cron: CronExpression
    private let rules: ZoneRules
    private let runsTwice: Bool

    init(_ cron: CronExpression, _ rules: ZoneRules) {
        self.cron = cron
        self.rules = rules
        runsTwice = cron.isSubDaily
    }

    func first(from lower: Int, through upper: Int) -> Occurrence? {
        var segment = rules.segment(at: lower)
        while true {
            if segment.start >= lower, segment.start <= upper, let moved = moved(to: segment) { return moved }
            if let range = walls(of: segment, from: lower, through: upper), let wall = cron.first(in: range) {
                return occurrence(wall, segment)
            }
            guard segment.end <= upper, let next = rules.segment(segment.index + 1) else { return nil }
            segment = next
        }
    }

    func last(from lower: Int, through upper: Int) -> Occurrence? {
        var segment = rules.segment(at: upper)
        while true {
            if let range = walls(of: segment, from: lower, through: upper), let wall = cron.last(in: range) {
                return occurrence(wall, segment)
            }
            guard segment.start >= lower else { return nil }
            if let moved = moved(to: segment) { return moved }
            guard let previous = rules.segment(segment.index - 1) else { return nil }
            segment = previous
        }
    }

    func count(from lower: Int, through upper: Int) -> Int {
        var segment = rules.segment(at: lower)
        var total = 0
        while true {
            if segment.start >= lower, segment.start <= upper, moved(to: segment) != nil { total += 1 }
            if let range = walls(of: segment, from: lower, through: upper) { total += cron.count(in: range) }
            guard segment.end <= upper, let next = rules.segment(segment.index + 1) else { return total }
            segment = next
        }
    }

    /// The wall times of a segment that count, within the bounds.
    private func walls(of segment: ZoneRules.Segment, from lower: Int, through upper: Int) -> Range<Int>? {
        var first = max(lower, segment.start) + segment.offset
        // The second pass of an hour that the clock shows twice.
        if segment.before > segment.offset, !runsTwice { first = max(first, segment.start + segment.before) }
        let end = min(upper + 1, segment.end) + segment.offset
        return first < end ? first..<end : nil
    }

    /// The occurrence at the first instant of a segment on behalf of the wall times that the clock skips before it; nil when
    /// none of them matches, or when the first instant has an occurrence of its own.
    private func moved(to segment: ZoneRules.Segment) -> Occurrence? {
        guard let gap = segment.gap, let wall = cron.first(in: gap) else { return nil }
        guard cron.first(in: gap.upperBound..<(gap.upperBound + 1)) == nil else { return nil }
        return Occurrence(instant: segment.start, offset: segment.offset, mark: .gapMoved, wall: wall)
    }

    private func occurrence(_ wall: Int, _ segment: ZoneRules.Segment) -> Occurrence {
        Occurrence(instant: wall - segment.offset, offset: segment.offset, mark: segment.mark(ofWall: wall))
    }
}
