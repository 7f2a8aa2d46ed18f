import SluiceCore

/// The tokens of one statement without its comments, for the few statements that are read rather than sent.
struct SQLWords {
    let dialect: SQLDialect
    private var lexer: SQLLexer
    private let end: Int

    init(_ statement: SQLStatement, of bytes: Span<UInt8>, dialect: SQLDialect) {
        self.dialect = dialect
        lexer = SQLLexer(dialect: dialect)
        lexer.position = statement.start
        end = statement.end
    }

    /// The next token; `end`, at the statement's end, when there is none.
    mutating func next(in bytes: Span<UInt8>) -> SQLToken {
        while lexer.position < end {
            let token = lexer.next(in: bytes)
            if token.start >= end { break }
            if token.kind != .comment, token.kind != .hint { return token }
        }
        return SQLToken(kind: .end, start: end, end: end)
    }

    /// The name that a token writes: plain ones fold their ASCII letters to lower case, quoted ones keep them. Nil for
    /// a token that is no name.
    func identifier(_ token: SQLToken, in bytes: Span<UInt8>) -> String? {
        SQLIdentifier.name(token, in: bytes, dialect: dialect)
    }
}

/// Names as SQL writes them.
enum SQLIdentifier {
    /// The name that a token writes, or nil when it is none.
    static func name(_ token: SQLToken, in bytes: Span<UInt8>, dialect: SQLDialect) -> String? {
        switch token.kind {
        case .word: String(decoding: folded(token.start, token.end, in: bytes), as: UTF8.self)
        case .quotedIdentifier: String(decoding: unquoted(token.start, token.end, in: bytes, dialect), as: UTF8.self)
        default: nil
        }
    }

    /// The bytes between a token's quotes, doubled quotes made one; the bytes themselves where there are no quotes.
    private static func unquoted(_ start: Int, _ end: Int, in bytes: Span<UInt8>, _ dialect: SQLDialect) -> [UInt8] {
        var name: [UInt8] = []
        let quote = bytes[start]
        guard end - start >= 2, !quote.isIdentifierPart else {
            for index in start..<end { name.append(bytes[index]) }
            return name
        }
        let doubles = quote != UInt8(ascii: "[") && dialect != .blue
        var index = start + 1
        while index < end - 1 {
            name.append(bytes[index])
            index += doubles && bytes[index] == quote ? 2 : 1
        }
        return name
    }

    /// A name, quoted or not, in the form in which SQLite compares it: without quotes, ASCII letters small.
    static func folded(_ start: UInt32, _ end: UInt32, in bytes: Span<UInt8>) -> [UInt8] {
        folded(Int(start), Int(end), in: bytes)
    }

    static func folded(_ start: Int, _ end: Int, in bytes: Span<UInt8>) -> [UInt8] {
        unquoted(start, end, in: bytes, .sqlite).map(\.lowered)
    }

    /// What is wrong with a name, or nil (`blue.md`, *Limits* and *SQL that a script may contain*).
    static func problem(_ name: String, quoted: Bool, dialect: SQLDialect) -> String? {
        if name.isEmpty { return "it is empty" }
        let length = name.unicodeScalars.count
        if length > DefinitionLimits.identifier {
            return "it has \(length) characters, and \(DefinitionLimits.identifier) are allowed"
        }
        if quoted, dialect == .blue {
            let allowed = name.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) && $0 != "@" && $0 != "$" }
            if !allowed { return "a quoted name holds printable ASCII characters except @, $ and \"" }
        }
        return nil
    }
}
