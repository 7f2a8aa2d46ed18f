import SluiceCore

/// Cuts SQL into tokens: one pass over UTF-8 bytes, no state but a position, no failure.
///
/// Every byte belongs to a token or is a blank between two. The rules are those of `blue.md`, *SQL that a script may
/// contain*, PostgreSQL's documentation (*Lexical Structure*) and what SQLite's own tokenizer accepts. Bytes from 0x80
/// are letters of an identifier in all three, so the lexer never decodes UTF-8, and broken UTF-8 cannot derail it.
struct SQLLexer {
    let dialect: SQLDialect
    /// Where the next token is looked for.
    var position = 0

    init(dialect: SQLDialect) {
        self.dialect = dialect
    }

    /// Answers the token at or behind ``position`` and moves behind it.
    ///
    /// - Parameter bytes: the whole script, the same at every call.
    mutating func next(in bytes: Span<UInt8>) -> SQLToken {
        let count = bytes.count
        var start = position
        while start < count {
            let byte = bytes[start]
            switch byte {
            case 0x20, 0x09...0x0D:
                start += 1
                continue
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                0x80...0xFF:
                if byte == 0xEF, isByteOrderMark(at: start, in: bytes) {
                    start += 3
                    continue
                }
                if byte | 0x20 == UInt8(ascii: "e"), dialect != .sqlite, start + 1 < count,
                    bytes[start + 1] == UInt8(ascii: "'")
                {
                    return escapeString(from: start, in: bytes)
                }
                return token(.word, from: start, to: endOfWord(from: start + 1, in: bytes))
            case UInt8(ascii: ";"):
                return token(.semicolon, from: start, to: start + 1)
            case UInt8(ascii: ","):
                return token(.symbol, from: start, to: start + 1)
            case UInt8(ascii: "("):
                return token(.openParenthesis, from: start, to: start + 1)
            case UInt8(ascii: ")"):
                return token(.closeParenthesis, from: start, to: start + 1)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                return token(.number, from: start, to: endOfNumber(from: start, in: bytes))
            case UInt8(ascii: "'"):
                return quoted(.string, by: byte, from: start, in: bytes)
            case UInt8(ascii: "."):
                if start + 1 < count, bytes[start + 1].isDigit {
                    return token(.number, from: start, to: endOfNumber(from: start, in: bytes))
                }
                return token(.dot, from: start, to: start + 1)
            case UInt8(ascii: "="):
                let arrow = start + 1 < count && bytes[start + 1] == UInt8(ascii: ">")
                return token(.assignment, from: start, to: start + (arrow ? 2 : 1))
            case UInt8(ascii: "\""):
                if dialect == .blue { return untilByte(byte, from: start, in: bytes) }
                return quoted(.quotedIdentifier, by: byte, from: start, in: bytes)
            case UInt8(ascii: "-"):
                if start + 1 < count, bytes[start + 1] == byte {
                    return token(.comment, from: start, to: endOfLine(from: start + 2, in: bytes))
                }
                return token(.symbol, from: start, to: start + 1)
            case UInt8(ascii: "/"):
                if start + 1 < count, bytes[start + 1] == UInt8(ascii: "*") {
                    return blockComment(from: start, in: bytes)
                }
                return token(.symbol, from: start, to: start + 1)
            case UInt8(ascii: "["):
                if dialect == .sqlite { return untilByte(UInt8(ascii: "]"), from: start, in: bytes) }
                return token(.symbol, from: start, to: start + 1)
            case UInt8(ascii: "`"):
                if dialect == .sqlite { return quoted(.quotedIdentifier, by: byte, from: start, in: bytes) }
                return token(.symbol, from: start, to: start + 1)
            case UInt8(ascii: "$"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "#"), UInt8(ascii: "?"):
                return special(byte, from: start, in: bytes)
            case UInt8(ascii: "{"):
                // Behind a `$` that belongs to the token before: `t_${day}` would build a name out of a value.
                let isBroken = start > 0 && bytes[start - 1] == UInt8(ascii: "$")
                return token(isBroken ? .brokenPlaceholder : .symbol, from: start, to: start + 1)
            default:
                return token(.symbol, from: start, to: start + 1)
            }
        }
        return token(.end, from: count, to: count)
    }

    @inline(__always)
    mutating func token(_ kind: SQLTokenKind, from start: Int, to end: Int) -> SQLToken {
        position = end
        return SQLToken(kind: kind, start: start, end: end)
    }

    /// A byte order mark is a blank at the script's beginning, and anywhere to SQLite.
    private func isByteOrderMark(at start: Int, in bytes: Span<UInt8>) -> Bool {
        (start == 0 || dialect == .sqlite) && start + 2 < bytes.count && bytes[start + 1] == 0xBB
            && bytes[start + 2] == 0xBF
    }

    @inline(__always)
    private func endOfWord(from start: Int, in bytes: Span<UInt8>) -> Int {
        var end = start
        while end < bytes.count, bytes[end].isIdentifierPart { end += 1 }
        return end
    }

    /// Digits with their fraction and exponent. Letters that touch a number belong to it: no dialect accepts them, and
    /// the database's own error should name the whole thing.
    private func endOfNumber(from start: Int, in bytes: Span<UInt8>) -> Int {
        var end = start
        let count = bytes.count
        while end < count, bytes[end].isDigit || bytes[end] == UInt8(ascii: ".") { end += 1 }
        if end < count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var exponent = end + 1
            if exponent < count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-") {
                exponent += 1
            }
            if exponent < count, bytes[exponent].isDigit {
                end = exponent
                while end < count, bytes[end].isDigit { end += 1 }
            }
        }
        // A `$` that touches digits opens a dollar quote (PostgreSQL); behind a letter it is a letter.
        if end < count, bytes[end].isIdentifierPart, bytes[end] != UInt8(ascii: "$") || dialect == .sqlite {
            end = endOfWord(from: end, in: bytes)
        }
        return end
    }

    private func endOfLine(from start: Int, in bytes: Span<UInt8>) -> Int {
        var end = start
        // PostgreSQL alone ends a comment at a carriage return too.
        let other: UInt8 = dialect == .postgres ? 0x0D : 0x0A
        while end < bytes.count, bytes[end] != 0x0A, bytes[end] != other { end += 1 }
        return end
    }
}

extension UInt8 {
    @inline(__always)
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// A letter, `_`, or any byte of a character beyond ASCII.
    @inline(__always)
    var isIdentifierStart: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 || self == UInt8(ascii: "_") || self >= 0x80 }

    /// As ``isIdentifierStart``, or a digit or `$`.
    @inline(__always)
    var isIdentifierPart: Bool {
        // One bit a character: `$` and 0-9 in the first 64, A-Z, `_` and a-z in the second.
        let letters: UInt64 = self < 64 ? 0x03FF_0010_0000_0000 : 0x07FF_FFFE_87FF_FFFE
        return self >= 0x80 || (letters >> UInt64(self & 63)) & 1 != 0
    }

    /// The small letter of an ASCII capital; every other byte is itself.
    @inline(__always)
    var lowered: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}
