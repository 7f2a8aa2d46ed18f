/// Turns offsets into lines and columns, forwards only, looking at every byte once.
///
/// A line ends at a line feed, so CRLF counts once. A column counts Unicode scalars from 1: every byte that does not
/// continue a UTF-8 sequence. A byte order mark at the beginning has no column.
struct SourceCursor {
    private var line = 1
    private var column = 1
    private var offset = 0

    /// Moves to `target`, which must not lie before where the cursor stands.
    ///
    /// - Returns: line and column there.
    @discardableResult
    mutating func move(to target: Int, in bytes: Span<UInt8>) -> SourcePosition {
        if offset == 0, target >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
        var line = line
        var column = column
        var index = offset
        var lineStart = -1
        // Eight bytes at a time as long as none is a line feed.
        while index < target {
            if index + 8 <= target, !Self.holdsLineFeed(Self.word(at: index, in: bytes)) {
                index += 8
                continue
            }
            let end = min(index + 8, target)
            while index < end {
                if bytes[index] == 0x0A {
                    line += 1
                    lineStart = index + 1
                }
                index += 1
            }
        }
        index = offset
        if lineStart >= 0 {
            column = 1
            index = lineStart
        }
        column += target - index
        while index + 8 <= target {
            column -= Self.continuations(Self.word(at: index, in: bytes))
            index += 8
        }
        while index < target {
            if bytes[index] & 0xC0 == 0x80 { column -= 1 }
            index += 1
        }
        offset = target
        self.line = line
        self.column = column
        return SourcePosition(line: line, column: column)
    }

    @inline(__always)
    private static func word(at index: Int, in bytes: Span<UInt8>) -> UInt64 {
        // Any eight bytes are a number, and the load is bounds-checked.
        bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    /// Whether one of eight bytes is 0x0A: it becomes 0, and only a 0 borrows through its high bit.
    @inline(__always)
    private static func holdsLineFeed(_ word: UInt64) -> Bool {
        let zeroed = word ^ 0x0A0A_0A0A_0A0A_0A0A
        return (zeroed &- 0x0101_0101_0101_0101) & ~zeroed & 0x8080_8080_8080_8080 != 0
    }

    /// How many of eight bytes continue a UTF-8 sequence: bit 7 set and bit 6 not.
    @inline(__always)
    private static func continuations(_ word: UInt64) -> Int {
        ((word >> 7) & ~(word >> 6) & 0x0101_0101_0101_0101).nonzeroBitCount
    }

    /// Line and column of one offset.
    static func position(of offset: Int, in bytes: Span<UInt8>) -> SourcePosition {
        var cursor = SourceCursor()
        return cursor.move(to: offset, in: bytes)
    }
}

/// A place in a script as people name it.
public struct SourcePosition: Sendable, Hashable, Codable {
    /// From 1.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
