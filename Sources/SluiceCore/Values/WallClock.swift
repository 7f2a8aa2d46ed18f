import Foundation

/// Where the present comes from. Production reads the system's clock; tests hold time in their hand.
public protocol WallClock: Sendable {
    /// The present instant.
    var now: Date { get }
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    public init() {}
    public var now: Date { Date() }
}
