/// The smallest unit that the lexer tells apart: a kind and the bytes it covers.
struct SQLToken {
    var kind: SQLTokenKind
    /// Offset of the first byte.
    var start: Int
    /// Offset behind the last byte.
    var end: Int

    var range: Range<Int> { start..<end }
}

enum SQLTokenKind: UInt8 {
    /// The end of the script; covers no byte.
    case end
    /// A keyword or a plain identifier; the lexer does not tell them apart.
    case word
    /// `"…"`, and in SQLite `[…]` and `` `…` ``.
    case quotedIdentifier
    /// `'…'`, `E'…'` without its letter being a word of its own, `$tag$…$tag$`.
    case string
    case dollarString
    case number
    /// `$1`, and in SQLite `?1`, `:name`, `@name`, `$name`.
    case parameter
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
