import Foundation
import SluiceCore

/// What every script source must do.
///
/// A source's tests run each case of ``cases`` on a place of its own:
///
/// ```swift
/// @Test(arguments: SourceConformance.cases)
/// func conforms(_ rule: SourceConformance.Case) async throws {
///     try await rule.run { SourceConformance.Place(source: …, put: …, remove: …, …) }
/// }
/// ```
public enum SourceConformance {
    /// A new, empty place with a source over it, and the hands of a person who keeps scripts there.
    public struct Place: Sendable {
        public var source: any ScriptSource
        /// Puts a script there, or other bytes into the one of that name.
        public var put: @Sendable (_ name: String, _ bytes: Data) async throws -> Void
        /// Takes a script away.
        public var remove: @Sendable (_ name: String) async throws -> Void
        /// Makes a name that this source accepts, with its ending, from a word of `a-z`, digits and `_`.
        public var name: @Sendable (_ word: String) -> String
        /// Names that can lie there and are to be refused.
        public var badNames: [String]

        public init(
            source: any ScriptSource, put: @escaping @Sendable (String, Data) async throws -> Void,
            remove: @escaping @Sendable (String) async throws -> Void, name: @escaping @Sendable (String) -> String,
            badNames: [String] = []
        ) {
            self.source = source
            self.put = put
            self.remove = remove
            self.name = name
            self.badNames = badNames
        }
    }

    /// One rule, in words, and its examination.
    public struct Case: Sendable, CustomStringConvertible {
        /// The rule: `what was taken away is gone`.
        public let rule: String
        let examine: @Sendable (Place) async throws -> Void

        init(_ rule: String, _ examine: @escaping @Sendable (Place) async throws -> Void) {
            self.rule = rule
            self.examine = examine
        }

        public var description: String { rule }

        /// Holds a source against the rule.
        ///
        /// - Throws: ``ConformanceFailure`` when it breaks the rule; whatever the source throws.
        public func run(_ open: @Sendable () async throws -> Place) async throws { try await examine(try await open()) }
    }

    /// Every rule.
    public static let cases: [Case] = [
        Case("an empty source lists nothing") { place in
            let listing = try await place.source.list()
            try require(listing, is: SourceListing(), "the listing")
            try require(!place.source.name.isEmpty, "a source has a name")
        },
        Case("a script is listed once, with its size, and read") { place in
            let bytes = Data("select 'žluť 🧪';\r\n".utf8)
            try await place.put(place.name("clean"), bytes)
            let listing = try await place.source.list()
            try require(listing.items.map(\.name), is: [place.name("clean")], "the names")
            try require(listing.refused, is: [], "refused scripts")
            try require(listing.items[0].size, is: bytes.count, "the size")
            try require(try await place.source.read(listing.items[0]), is: bytes, "the bytes")
        },
        Case("bytes come back as they are, also none and a megabyte") { place in
            let samples: [String: Data] = [
                "empty": Data(), "no_break": Data("x".utf8), "binary": Data((0...255).map { UInt8($0) }),
                "large": Data(repeating: 0x61, count: 1 << 20),
            ]
            for (word, bytes) in samples { try await place.put(place.name(word), bytes) }
            let items = try await place.source.list().items
            for (word, bytes) in samples {
                let item = try present(items.first { $0.name == place.name(word) }, "the script \(word)")
                try require(try await place.source.read(item) == bytes, "the bytes of \(word) come back")
            }
        },
        Case("equal marks mean equal bytes") { place in
            let name = place.name("load")
            var marks: [String: Data] = [:]
            for text in ["select 1", "select 2", "select 3", "select 1"] {
                let bytes = Data(text.utf8)
                try await place.put(name, bytes)
                let item = try present(try await place.source.list().items.first, "the script")
                // Without a mark the next sync reads the bytes: slower, never wrong.
                guard let mark = item.fingerprint else { continue }
                try require(
                    marks[mark].map { $0 == bytes } ?? true, "the mark '\(mark)' stands for other bytes as well")
                marks[mark] = bytes
            }
        },
        Case("an untouched script keeps its mark") { place in
            try await place.put(place.name("load"), Data("select 1".utf8))
            let first = try await place.source.list().items.first?.fingerprint
            let second = try await place.source.list().items.first?.fingerprint
            if let first, let second { try require(second, is: first, "the mark") }
        },
        Case("what was taken away is gone") { place in
            try await place.put(place.name("kept"), Data("select 1".utf8))
            try await place.put(place.name("gone"), Data("select 2".utf8))
            let items = try await place.source.list().items
            let gone = try present(items.first { $0.name == place.name("gone") }, "the script")
            try await place.remove(gone.name)
            try require(try await place.source.read(gone) == nil, "it cannot be read")
            try require(try await place.source.list().items.map(\.name), is: [place.name("kept")], "the names")
        },
        Case("every script of many is listed, each with a name that a task can say") { place in
            let names = Set((0..<300).map { place.name("script_\($0)") })
            for name in names { try await place.put(name, Data(name.utf8)) }
            let items = try await place.source.list().items
            try require(items.count, is: names.count, "scripts")
            try require(Set(items.map(\.name)), is: names, "names")
            for item in items {
                try require(ScriptNameRules.bucketProblem(item.name) == nil, "'\(item.name)' can be said")
                try require(try await place.source.read(item), is: Data(item.name.utf8), "the bytes of \(item.name)")
            }
        },
        Case("a bad name is refused with a reason, and the rest is listed") { place in
            try await place.put(place.name("good"), Data("select 1".utf8))
            for name in place.badNames { try await place.put(name, Data("select 2".utf8)) }
            let listing = try await place.source.list()
            try require(listing.items.map(\.name), is: [place.name("good")], "the names")
            try require(listing.refused.count, is: place.badNames.count, "refused scripts")
            for refused in listing.refused {
                try require(!refused.name.isEmpty && !refused.reason.isEmpty, "it says what and why: \(refused)")
            }
        },
    ]
}
