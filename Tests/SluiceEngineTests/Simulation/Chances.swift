/// The one source of chance of a simulation: the same seed gives the same numbers.
///
/// `@unchecked` because nothing of a simulation is ever seen by a second thread.
final class Chances: @unchecked Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
    private func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Whether something happens that does so in `percent` of a hundred cases.
    func happens(_ percent: Int) -> Bool { below(100) < percent }

    /// From 0 on, less than `count`.
    func below(_ count: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % count }

    func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    /// From 0 to 1.
    var fraction: Double { Double(next() >> 11) * 0x1p-53 }
}
