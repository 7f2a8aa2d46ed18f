/// Turns offsets into lines and columns, forwards only, looking at every byte once.
///
/// A line ends at a line feed, so CRLF counts once. A column counts Unicode scalars from 1: every byte that does not
/// continue a UTF-8 sequence. A byte order mark at the beginning has no column.
struct SourceCursor {
    /// From 1.
    private(set) var line = 1
    /// From 1.
    private(set) var column = 1
    private var offset = 0

    /// Moves to `target`, which must not lie before where the cursor stands.
    mutating func move(to target: Int, in bytes: Span<UInt8>) {
        if offset == 0, target >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
        var lineStart = -1
        var index = offset
        while index < target {
            if bytes[index] == 0x0A {
                line += 1
                lineStart = index + 1
            }
            index += 1
        }
        index = offset
        if lineStart >= 0 {
            column = 1
            index = lineStart
        }
        while index < target {
            if bytes[index] & 0xC0 != 0x80 { column += 1 }
            index += 1
        }
        offset = target
    }

    /// Line and column of one offset.
    static func position(of offset: Int, in bytes: Span<UInt8>) -> SourcePosition {
        var cursor = SourceCursor()
        cursor.move(to: offset, in: bytes)
        return cursor.position
    }

    var position: SourcePosition { SourcePosition(line: line, column: column) }
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
