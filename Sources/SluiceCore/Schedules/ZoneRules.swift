import Foundation

/// When a time zone's clocks changed and will change, from 1900 to 2199, as a table.
///
/// Asking `TimeZone` costs a call into ICU under a lock each time; a table costs a binary search. It is built by walking
/// `nextDaylightSavingTimeTransition(after:)` once, which takes about a millisecond, and knows every change of the offset,
/// also one that has nothing to do with summer, such as Samoa's jump over the date line. Before 1900 and from 2200 on the
/// offset is taken to stay what it was.
final class ZoneRules: Sendable {
    /// A stretch of time during which the offset stays the same. Instants are seconds since 1970-01-01T00:00Z.
    struct Segment {
        var index: Int
        /// The first instant; `Int.min` for the first segment.
        var start: Int
        /// The first instant after it; `Int.max` for the last segment.
        var end: Int
        /// Seconds ahead of UTC.
        var offset: Int
        /// The offset of the segment before, the same as ``offset`` for the first one.
        var before: Int
        /// The offset of the segment behind, the same as ``offset`` for the last one.
        var after: Int

        /// The wall times that the clock skips when this segment begins.
        var gap: Range<Int>? { before < offset ? (start + before)..<(start + offset) : nil }

        /// What the clock shows at an instant of this segment, and whether it shows it twice.
        func mark(ofWall wall: Int) -> Occurrence.Mark {
            if before > offset, wall < start + before { return .secondPass }
            if after < offset, wall >= end + after { return .firstPass }
            return .regular
        }
    }

    /// The instants at which the offset changes, ascending.
    private let changes: [Int]
    /// The offset before the first change, and behind each.
    private let offsets: [Int]
    /// Whether the clocks once skipped a day or more, so that two days' times fall on one instant.
    let skipsWholeDays: Bool

    init(_ zone: TimeZone) {
        var changes: [Int] = []
        var instant = Date(timeIntervalSince1970: -2_208_988_800)  // 1900-01-01
        let end = Date(timeIntervalSince1970: 7_258_118_400)  // 2200-01-01
        var offsets = [zone.secondsFromGMT(for: instant)]
        while let change = zone.nextDaylightSavingTimeTransition(after: instant), change > instant, change < end {
            instant = change
            let offset = zone.secondsFromGMT(for: change)
            // A change of the name alone is none.
            if offset == offsets[offsets.count - 1] { continue }
            changes.append(Int(change.timeIntervalSince1970.rounded()))
            offsets.append(offset)
        }
        self.changes = changes
        self.offsets = offsets
        skipsWholeDays = zip(offsets, offsets.dropFirst()).contains { $1 - $0 >= 86_400 }
    }

    /// Nil when there is none.
    func segment(_ index: Int) -> Segment? {
        guard offsets.indices.contains(index) else { return nil }
        return Segment(
            index: index, start: index == 0 ? .min : changes[index - 1],
            end: index == changes.count ? .max : changes[index], offset: offsets[index],
            before: offsets[max(0, index - 1)], after: offsets[min(changes.count, index + 1)])
    }

    /// The segment in which the instant lies.
    func segment(at instant: Int) -> Segment {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        guard let segment = segment(low) else { preconditionFailure("every instant lies in a segment") }
        return segment
    }

    /// When the clock shows the wall time: the first such instant, or, if the clock skips it, the first instant behind the
    /// skipped ones.
    func first(_ wall: Int) -> (instant: Int, segment: Segment, mark: Occurrence.Mark) {
        // No clock is as much as 26 hours ahead of UTC.
        var segment = segment(at: wall - 26 * 3_600)
        while true {
            if segment.start != .min, wall < segment.start + segment.offset {
                return (segment.start, segment, .gapMoved)
            }
            if segment.end == .max || wall < segment.end + segment.offset {
                let mark = segment.mark(ofWall: wall)
                return (wall - segment.offset, segment, mark == .firstPass ? .firstPass : .regular)
            }
            guard let next = self.segment(segment.index + 1) else {
                preconditionFailure("the last segment has no end")
            }
            segment = next
        }
    }

    /// When the clock shows the wall time for the last time, or, if the clock skips it, the first instant behind the
    /// skipped ones.
    func last(_ wall: Int) -> Int {
        let (instant, segment, mark) = first(wall)
        return mark == .firstPass ? instant + segment.offset - segment.after : instant
    }
}

extension ZoneRules {
    /// Tables of the zones that were asked for; building one is dear and the result never changes.
    private static let cache = Cache()

    static func of(_ zone: TimeZone, named name: String) -> ZoneRules { cache.rules(of: zone, named: name) }

    /// Holds at most as many tables as there are zones.
    ///
    /// `@unchecked`: ``tables`` is read and written under ``lock`` alone.
    private final class Cache: @unchecked Sendable {
        private let lock = NSLock()
        private var tables: [String: ZoneRules] = [:]

        func rules(of zone: TimeZone, named name: String) -> ZoneRules {
            lock.lock()
            defer { lock.unlock() }
            if let known = tables[name] { return known }
            let rules = ZoneRules(zone)
            tables[name] = rules
            return rules
        }
    }
}
