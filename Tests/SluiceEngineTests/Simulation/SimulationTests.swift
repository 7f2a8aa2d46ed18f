import Foundation
import Testing

/// Ten thousand small worlds in which things go wrong; `SLUICE_SEED=n` replays one, `SLUICE_SEEDS=n` says how many.
@Suite struct SimulationTests {
    private static let seed = ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap(UInt64.init)
    private static let count = ProcessInfo.processInfo.environment["SLUICE_SEEDS"].flatMap(UInt64.init) ?? 10_000
    /// Parts that run side by side.
    private static let parts: UInt64 = 8

    @Test(arguments: seed == nil ? Array(0..<parts) : [0])
    func whateverGoesWrongNoPromiseIsBroken(part: UInt64) {
        if let seed = Self.seed { return Self.judge(seed, isAsked: true) }
        for seed in stride(from: part, to: Self.count, by: UInt64.Stride(Self.parts)) { Self.judge(seed) }
    }

    private static func judge(_ seed: UInt64, isAsked: Bool = false) {
        guard isAsked || !Simulation(seed: seed).run().isEmpty else { return }
        let replay = Simulation(seed: seed, isTracing: true)
        let problems = replay.run()
        if !problems.isEmpty || isAsked { print(replay.trace.joined(separator: "\n")) }
        #expect(
            problems.isEmpty,
            "seed \(seed), replayed by SLUICE_SEED=\(seed) swift test --filter Simulation: \(problems.joined(separator: "; "))"
        )
    }

    @Test func theSameSeedGivesTheSameTraceToTheByte() {
        for seed in UInt64(0)..<20 {
            let traces = (0..<2).map { _ in
                let simulation = Simulation(seed: seed, isTracing: true)
                _ = simulation.run()
                return simulation.trace
            }
            #expect(traces[0] == traces[1] && traces[0].count > 20)
        }
    }

    @Test(arguments: FaultyStore.Break.allCases)
    func aStoreThatIsBrokenOnPurposeIsFoundOut(breakage: FaultyStore.Break) {
        let found = (UInt64(0)..<500).first { !Simulation(seed: $0, breakage: breakage).run().isEmpty }
        #expect(found != nil, "500 seeds did not show it")
    }
}
