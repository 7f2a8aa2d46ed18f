import SluiceCore

/// `${name}` and `${task.column}`: the same in all dialects, none of which has a `${` of its own.
///
/// A part is plain (letters, digits, `_`, `-`, any character beyond ASCII) or quoted (`"…"`, in which `""` stands for one
/// quote). Blanks may stand around parts, line breaks may not, so that a forgotten `}` does not swallow the script.
extension SQLLexer {
    /// `start` is the offset of the `$`, and a `{` follows it.
    mutating func placeholder(from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 2
        guard Self.skipPart(&end, in: bytes) != nil else { return broken(from: start) }
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            end += 1
            guard Self.skipPart(&end, in: bytes) != nil else { return broken(from: start) }
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "}") else { return broken(from: start) }
        return token(.placeholder, from: start, to: end + 1)
    }

    private mutating func broken(from start: Int) -> SQLToken {
        token(.brokenPlaceholder, from: start, to: start + 2)
    }

    /// The parts of a placeholder's token: one for `${name}`, two for `${task.column}`.
    static func placeholderParts(_ token: SQLToken, in bytes: Span<UInt8>) -> [PlaceholderPart] {
        var parts: [PlaceholderPart] = []
        var position = token.start + 2
        while position < token.end, let range = skipPart(&position, in: bytes) {
            parts.append(PlaceholderPart(range, in: bytes))
            position += 1
        }
        return parts
    }

    /// Moves behind one part and the blanks around it.
    ///
    /// - Returns: the part's bytes, with its quotes; nil when no part stands here.
    private static func skipPart(_ position: inout Int, in bytes: Span<UInt8>) -> Range<Int>? {
        skipBlanks(&position, in: bytes)
        let start = position
        guard position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: "\"") {
            position += 1
            while true {
                guard position < bytes.count, bytes[position] >= 0x20 else { return nil }
                if bytes[position] == UInt8(ascii: "\"") {
                    position += 1
                    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { break }
                }
                position += 1
            }
            guard position - start > 2 else { return nil }
        } else {
            while position < bytes.count, isPlain(bytes[position]) { position += 1 }
            guard position > start else { return nil }
        }
        let end = position
        skipBlanks(&position, in: bytes)
        return start..<end
    }

    private static func skipBlanks(_ position: inout Int, in bytes: Span<UInt8>) {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte.isIdentifierPart && byte != UInt8(ascii: "$") || byte == UInt8(ascii: "-")
    }
}

/// A name inside a placeholder.
struct PlaceholderPart {
    var name: String
    var isQuoted: Bool

    init(_ range: Range<Int>, in bytes: Span<UInt8>) {
        isQuoted = bytes[range.lowerBound] == UInt8(ascii: "\"")
        var name: [UInt8] = []
        var index = isQuoted ? range.lowerBound + 1 : range.lowerBound
        let end = isQuoted ? range.upperBound - 1 : range.upperBound
        while index < end {
            name.append(bytes[index])
            index += isQuoted && bytes[index] == UInt8(ascii: "\"") ? 2 : 1
        }
        self.name = String(decoding: name, as: UTF8.self)
    }

    /// How a placeholder writes `name`: plain where that is possible.
    static func written(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.utf8.allSatisfy { $0.isIdentifierPart && $0 != UInt8(ascii: "$") || $0 == UInt8(ascii: "-") }
        let quote = UInt8(ascii: "\"")
        if isPlain { return name }
        let inner = name.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return String(decoding: [quote] + inner + [quote], as: UTF8.self)
    }
}
