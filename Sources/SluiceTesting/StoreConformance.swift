import Foundation
import SluiceCore

/// What every store must do, judged over two handles that are open on it at once.
///
/// A store's tests run each case of ``cases`` on a store of its own:
///
/// ```swift
/// @Test(arguments: StoreConformance.cases)
/// func conforms(_ rule: StoreConformance.Case) async throws {
///     try await rule.run { clock in
///         let store = MemoryStore(clock: clock)
///         return (store, store.anotherHandle())
///     }
/// }
/// ```
public enum StoreConformance {
    /// Opens a new, empty store twice, on the clock given.
    public typealias Open = @Sendable (any WallClock) throws -> (any EngineStore, any EngineStore)

    /// One rule, in words, and its examination.
    public struct Case: Sendable, CustomStringConvertible {
        /// The rule: `a stale token writes nothing`.
        public let rule: String
        let examine: @Sendable (StoreBench) async throws -> Void

        init(_ rule: String, _ examine: @escaping @Sendable (StoreBench) async throws -> Void) {
            self.rule = rule
            self.examine = examine
        }

        public var description: String { rule }

        /// Holds a store against the rule.
        ///
        /// - Throws: ``ConformanceFailure`` when it breaks the rule; whatever the store throws.
        public func run(_ open: Open) async throws {
            let clock = ManualClock()
            let (first, second) = try open(clock)
            try await examine(StoreBench(first: first, second: second, clock: clock))
        }
    }

    /// Every rule.
    public static let cases: [Case] =
        runCases + leaseCases + poolCases + queueCases + graphCases + eventCases + jobCases + catalogueCases
        + journalCases + retentionCases + scheduleCases
}
