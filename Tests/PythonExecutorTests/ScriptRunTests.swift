import Foundation
import SluiceCore
import Testing

@Suite("A script runs")
struct ScriptRunTests {
    @Test func asMainUnderItsOwnName() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await bench.run(
                """
                import sys
                print(__name__, sys.argv)
                """)
            #expect(outcome == .succeeded(value: nil))
            #expect(context.output == ["__main__ ['etl/script.py']"])
            #expect(context.state.hasBegun)
        }
    }
}
