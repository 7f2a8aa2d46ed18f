import Foundation

/// The grid of a schedule's occurrences. Each function reads the grid alone: what one of them says never depends on when it
/// is asked or what was asked before.
extension Schedule {
    /// The first occurrence later than `date`; nil when there is none.
    ///
    /// Takes about a microsecond, however far away the occurrence lies.
    public func next(after date: Date) -> Occurrence? { next(after: Self.floor(date)) }

    /// The last occurrence at or before `date`; nil when there is none.
    public func previous(atOrBefore date: Date) -> Occurrence? { previous(through: Self.floor(date)) }

    /// The occurrences at or after `date` in order, at most `count`.
    public func occurrences(from date: Date, count: Int) -> [Occurrence] {
        var found: [Occurrence] = []
        var instant = Self.ceiling(date) - 1
        while found.count < count, let occurrence = next(after: instant) {
            found.append(occurrence)
            instant = occurrence.instant
        }
        return found
    }

    /// How many occurrences lie later than `earlier` and at or before `later`. They are not listed one by one for it: a
    /// million of them cost no more than the months they lie in.
    public func count(after earlier: Date, through later: Date) -> Int {
        count(after: Self.floor(earlier), through: Self.floor(later))
    }

    /// The start of an occurrence's run: the nominal time and a delay of 0 to ``jitter`` seconds.
    ///
    /// The delay follows from the schedule's identity and the nominal time, so that it is the same after a restart and on
    /// every machine, and schedules that are due together spread.
    ///
    /// - Parameter id: the schedule's identity, whatever names it in the store.
    public func startTime(of nominal: Date, id: String) -> Date {
        guard jitter > 0 else { return nominal }
        // FNV-1a over the identity and the time, then the finisher of SplitMix64, which spreads neighbours. Swift's own
        // hashes differ from process to process.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in id.utf8 { mix(byte) }
        let seconds = UInt64(bitPattern: Int64(nominal.timeIntervalSince1970))
        for shift in stride(from: UInt64(0), to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: seconds >> shift)) }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        hash ^= hash >> 31
        let milliseconds = hash % (UInt64(jitter) * 1_000 + 1)
        return nominal.addingTimeInterval(Double(milliseconds) / 1_000)
    }

    /// Occurrences of a past range, for a backfill or its dry run.
    public struct Backfill: Sendable, Hashable {
        /// The first ones, in order.
        public var occurrences: [Occurrence]
        /// How many there are in all.
        public var total: Int
        public var isCut: Bool { occurrences.count < total }
    }

    /// The occurrences at or after `from` and at or before `through`.
    ///
    /// ``start`` and ``end`` do not count here, because the person who asks names the range. An interval still begins with
    /// its first time.
    ///
    /// - Parameter limit: how many are listed at most.
    public func backfill(from: Date, through: Date, limit: Int = 1_000) -> Backfill {
        var unbounded = self
        unbounded.start = nil
        unbounded.end = nil
        let first = Self.ceiling(from) - 1
        let last = Self.floor(through)
        var found: [Occurrence] = []
        var instant = first
        while found.count < limit, let next = unbounded.next(after: instant), next.instant <= last {
            found.append(next)
            instant = next.instant
        }
        // What is beyond the limit is counted and not listed.
        let rest = found.count < limit ? 0 : unbounded.count(after: instant, through: last)
        return Backfill(occurrences: found, total: found.count + rest)
    }

    // MARK: - On whole seconds

    /// The first instant that a schedule reads, year 1, and the last, year 9999.
    private static let readable = -62_135_596_800.0...253_402_300_799.0

    private static func floor(_ date: Date) -> Int {
        let seconds = date.timeIntervalSince1970
        guard !seconds.isNaN else { return Int(readable.upperBound) }
        return Int(min(max(seconds, readable.lowerBound), readable.upperBound).rounded(.down))
    }

    private static func ceiling(_ date: Date) -> Int {
        -floor(Date(timeIntervalSince1970: -date.timeIntervalSince1970))
    }

    /// The instants that start and end allow.
    private var bounds: ClosedRange<Int> {
        let first = start.map { zone.rules.first($0.wall).instant } ?? Int(Self.readable.lowerBound)
        let last = end.map { zone.rules.last($0.wall) } ?? Int(Self.readable.upperBound)
        return first...max(first, last)
    }

    func next(after instant: Int) -> Occurrence? {
        let bounds = bounds
        let lower = max(instant + 1, bounds.lowerBound)
        guard lower <= bounds.upperBound else { return nil }
        return first(from: lower, through: bounds.upperBound)
    }

    func previous(through instant: Int) -> Occurrence? {
        let bounds = bounds
        let upper = min(instant, bounds.upperBound)
        guard upper >= bounds.lowerBound else { return nil }
        return last(from: bounds.lowerBound, through: upper)
    }

    func count(after earlier: Int, through later: Int) -> Int {
        let bounds = bounds
        let lower = max(earlier + 1, bounds.lowerBound)
        let upper = min(later, bounds.upperBound)
        guard lower <= upper else { return 0 }
        switch timing {
        case .once: return first(from: lower, through: upper) == nil ? 0 : 1
        case .cron(let cron): return CronGrid(cron, zone.rules).count(from: lower, through: upper)
        case .every(let interval, let from):
            return IntervalGrid(interval, from: from.wall, zone.rules).count(from: lower, through: upper)
        }
    }

    private func first(from lower: Int, through upper: Int) -> Occurrence? {
        switch timing {
        case .once(let time): return single(time, in: lower...upper)
        case .cron(let cron): return CronGrid(cron, zone.rules).first(from: lower, through: upper)
        case .every(let interval, let from):
            return IntervalGrid(interval, from: from.wall, zone.rules).first(from: lower, through: upper)
        }
    }

    private func last(from lower: Int, through upper: Int) -> Occurrence? {
        switch timing {
        case .once(let time): return single(time, in: lower...upper)
        case .cron(let cron): return CronGrid(cron, zone.rules).last(from: lower, through: upper)
        case .every(let interval, let from):
            return IntervalGrid(interval, from: from.wall, zone.rules).last(from: lower, through: upper)
        }
    }

    private func single(_ time: LocalDateTime, in range: ClosedRange<Int>) -> Occurrence? {
        let (instant, segment, mark) = zone.rules.first(time.wall)
        guard range.contains(instant) else { return nil }
        return Occurrence(instant: instant, offset: segment.offset, mark: mark, wall: time.wall)
    }
}
