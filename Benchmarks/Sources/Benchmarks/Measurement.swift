import Foundation

/// What one line of the report stands on.
struct Measurement: Encodable {
    var name: String
    /// Where it stands in the words: `≤ 0.65 of the peer`, `< 30 ms`.
    var target: String
    /// What the peer is, when there is one.
    var peer: String?
    var unit = Unit.seconds
    var samples: [Double]
    var peerSamples: [Double] = []

    enum Unit: String, Encodable { case seconds, megabytesPerSecond }

    var median: Double { Self.median(samples) }
    var peerMedian: Double? { peerSamples.isEmpty ? nil : Self.median(peerSamples) }
    /// Ours over the peer's.
    var ratio: Double? { peerMedian.map { median / $0 } }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Times `ours` and `theirs` in turns, so that whatever else the machine does meets both, and lets each go first
    /// every other time. One round beforehand is not counted: it fills caches for both.
    static func interleaved(
        rounds: Int, _ ours: () throws -> Void, against theirs: () throws -> Void = {}
    ) throws -> (ours: [Double], theirs: [Double]) {
        try ours()
        try theirs()
        var mine: [Double] = []
        var other: [Double] = []
        for round in 0..<rounds {
            if round.isMultiple(of: 2) {
                mine.append(try seconds(ours))
                other.append(try seconds(theirs))
            } else {
                other.append(try seconds(theirs))
                mine.append(try seconds(ours))
            }
        }
        return (mine, other)
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let duration = try ContinuousClock().measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    private enum CodingKeys: String, CodingKey {
        case name, target, peer, unit, samples, peerSamples, median, peerMedian, ratio
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(target, forKey: .target)
        try container.encodeIfPresent(peer, forKey: .peer)
        try container.encode(unit, forKey: .unit)
        try container.encode(samples, forKey: .samples)
        try container.encode(peerSamples, forKey: .peerSamples)
        try container.encode(median, forKey: .median)
        try container.encodeIfPresent(peerMedian, forKey: .peerMedian)
        try container.encodeIfPresent(ratio, forKey: .ratio)
    }
}
