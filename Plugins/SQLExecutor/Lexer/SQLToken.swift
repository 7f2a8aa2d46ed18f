/// The smallest unit that the lexer tells apart: a kind and the bytes it covers. Small, because it is passed around once for
/// every few bytes of a script.
struct SQLToken {
    private var startOffset: UInt32
    private var endOffset: UInt32
    var kind: SQLTokenKind

    /// - Parameters:
    ///   - start: offset of the first byte, below 4 GiB.
    ///   - end: offset behind the last byte.
    @inline(__always)
    init(kind: SQLTokenKind, start: Int, end: Int) {
        self.kind = kind
        startOffset = UInt32(truncatingIfNeeded: start)
        endOffset = UInt32(truncatingIfNeeded: end)
    }

    /// Offset of the first byte.
    @inline(__always)
    var start: Int { Int(startOffset) }
    /// Offset behind the last byte.
    @inline(__always)
    var end: Int { Int(endOffset) }

    var range: Range<Int> { start..<end }
}

enum SQLTokenKind: UInt8 {
    /// The end of the script; covers no byte.
    case end
    /// A keyword or a plain identifier; the lexer does not tell them apart.
    case word
    /// `"…"`, and in SQLite `[…]` and `` `…` ``.
    case quotedIdentifier
    /// `'…'`, and `E'…'` with its letter.
    case string
    /// `$$…$$`, `$tag$…$tag$`.
    case dollarString
    case number
    /// `$1`, and in SQLite `?1`, `:name`, `@name`, `$name`.
    case parameter
    /// `${name}`, `${task.column}`, `${"a task".column}`: stands for a value of the run.
    case placeholder
    /// A `${` that opens no such thing, or the `{` of one that a name or number touches: an error in every dialect.
    case brokenPlaceholder
    /// `-- …` and `/* … */`.
    case comment
    /// `/*+ … */`.
    case hint
    case semicolon
    case dot
    case openParenthesis
    case closeParenthesis
    /// `=`, `=>` or `:=`.
    case assignment
    /// `@@`, which opens a line of Blue Scripting.
    case scripting
    /// Any other single byte.
    case symbol

    // What the script's end cut off; the token starts at its opening and covers the rest.
    case unterminatedString
    case unterminatedIdentifier
    case unterminatedComment
    case unterminatedDollarString
}
