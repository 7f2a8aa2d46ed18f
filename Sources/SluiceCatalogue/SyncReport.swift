import SluiceCore

/// What a sync found and did. Names are sorted.
public struct SyncReport: Sendable, Hashable, Codable {
    /// The source's name.
    public var source: String
    public var added: [String]
    /// Scripts with other bytes, or of another kind, than before.
    public var changed: [String]
    /// Scripts that the source no longer has, or no longer has in a shape that can be accepted.
    public var removed: [String]
    public var unchanged: [String]
    /// What is not in the list and why. A name that was listed before is among ``removed`` too.
    public var refused: [RefusedScript]

    public init(
        source: String, added: [String] = [], changed: [String] = [], removed: [String] = [],
        unchanged: [String] = [], refused: [RefusedScript] = []
    ) {
        self.source = source
        self.added = added
        self.changed = changed
        self.removed = removed
        self.unchanged = unchanged
        self.refused = refused
    }

    /// How many scripts are as they were.
    public var unchangedCount: Int { unchanged.count }
    /// Whether the list is other than before.
    public var hasChanges: Bool { !(added.isEmpty && changed.isEmpty && removed.isEmpty) }
}
