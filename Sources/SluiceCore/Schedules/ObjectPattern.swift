/// Names of objects in a source: `raw/*.csv`.
///
/// `*` stands for any characters but `/`, `**` for any characters at all, `?` for one character but `/`.
public struct ObjectPattern: Sendable, Hashable {
    public let glob: String
    /// Only objects of this source; nil for any.
    public let source: String?

    /// - Throws: ``DefinitionError`` `schedule.pattern`.
    public init(_ glob: String, source: String? = nil) throws(DefinitionError) {
        guard !glob.isEmpty, glob.utf8.count <= 1_024 else {
            throw DefinitionError(
                code: "schedule.pattern", path: "object",
                "A pattern of object names has 1 to 1024 bytes, such as raw/*.csv.")
        }
        self.glob = glob
        self.source = source
    }

    /// Whether the object of that name is meant.
    public func matches(_ name: String, in source: String) -> Bool {
        guard self.source == nil || self.source == source else { return false }
        return Self.matches(Array(name.utf8), Array(glob.utf8))
    }

    /// By the set of places in the pattern that the name can have come to, so that no pattern takes more than a step for
    /// each pair of a byte and a place.
    private static func matches(_ name: [UInt8], _ glob: [UInt8]) -> Bool {
        let (star, one, slash) = (UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "/"))
        /// With the places behind stars that stand for nothing.
        func settled(_ places: Set<Int>) -> Set<Int> {
            var found = places
            for place in places {
                var place = place
                while place < glob.count, glob[place] == star {
                    place += 1
                    found.insert(place)
                }
            }
            return found
        }
        var places = settled([0])
        for byte in name {
            var next: Set<Int> = []
            for place in places where place < glob.count {
                switch glob[place] {
                case star:
                    let isDouble =
                        place + 1 < glob.count && glob[place + 1] == star || place > 0 && glob[place - 1] == star
                    if byte != slash || isDouble { next.insert(place) }
                case one: if byte != slash { next.insert(place + 1) }
                default: if glob[place] == byte { next.insert(place + 1) }
                }
            }
            places = settled(next)
            if places.isEmpty { return false }
        }
        return places.contains(glob.count)
    }
}
