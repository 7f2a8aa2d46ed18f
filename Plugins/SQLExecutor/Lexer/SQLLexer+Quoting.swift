import SluiceCore

/// Everything in which a `;` does not end a statement, and the signs that may open it.
extension SQLLexer {
    /// `'…'`, `"…"` or `` `…` ``, in which the doubled quote alone stands for itself.
    mutating func quoted(_ kind: SQLTokenKind, by quote: UInt8, from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 1
        let count = bytes.count
        while end < count {
            if bytes[end] == quote {
                guard end + 1 < count, bytes[end + 1] == quote else { return token(kind, from: start, to: end + 1) }
                end += 1
            }
            end += 1
        }
        let cut: SQLTokenKind = kind == .string ? .unterminatedString : .unterminatedIdentifier
        return token(cut, from: start, to: count)
    }

    /// `[…]`, and Blue's `"…"`: nothing inside stands for the closing byte.
    mutating func untilByte(_ closing: UInt8, from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 1
        while end < bytes.count, bytes[end] != closing { end += 1 }
        guard end < bytes.count else { return token(.unterminatedIdentifier, from: start, to: end) }
        return token(.quotedIdentifier, from: start, to: end + 1)
    }

    /// `E'…'`, in which a backslash takes the next byte along. `start` is the letter's offset.
    mutating func escapeString(from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 2
        let count = bytes.count
        while end < count {
            switch bytes[end] {
            case UInt8(ascii: "\\"):
                end += 2
            case UInt8(ascii: "'"):
                if end + 1 < count, bytes[end + 1] == UInt8(ascii: "'") {
                    end += 2
                } else if dialect == .postgres, let next = continuation(after: end + 1, in: bytes) {
                    end = next + 1
                } else {
                    return token(.string, from: start, to: end + 1)
                }
            default:
                end += 1
            }
        }
        return token(.unterminatedString, from: start, to: count)
    }

    /// Where the literal goes on, if it does: SQL lets `'a'` and `'b'` be one string when a line break parts them, and
    /// PostgreSQL then reads the rest by the first part's rules.
    private func continuation(after start: Int, in bytes: Span<UInt8>) -> Int? {
        var position = start
        var brokenLine = false
        while position < bytes.count {
            switch bytes[position] {
            case 0x0A, 0x0D:
                brokenLine = true
                position += 1
            case 0x20, 0x09, 0x0B, 0x0C:
                position += 1
            case UInt8(ascii: "-"):
                guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "-") else { return nil }
                while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
            case UInt8(ascii: "'"):
                return brokenLine ? position : nil
            default:
                return nil
            }
        }
        return nil
    }

    /// `/* … */`; nested in PostgreSQL alone. `/*+` makes it a hint.
    mutating func blockComment(from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 2
        var depth = 1
        let count = bytes.count
        let isHint = end < count && bytes[end] == UInt8(ascii: "+")
        while end + 1 < count {
            if bytes[end] == UInt8(ascii: "*"), bytes[end + 1] == UInt8(ascii: "/") {
                end += 2
                depth -= 1
                if depth == 0 { return token(isHint ? .hint : .comment, from: start, to: end) }
            } else if bytes[end] == UInt8(ascii: "/"), bytes[end + 1] == UInt8(ascii: "*"), dialect == .postgres {
                end += 2
                depth += 1
            } else {
                end += 1
            }
        }
        return token(.unterminatedComment, from: start, to: count)
    }

    /// `$`, `@`, `:`, `#` and `?`: placeholders, dollar quotes, parameters, `@@`, `:=`.
    mutating func special(_ byte: UInt8, from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        let next = start + 1 < bytes.count ? bytes[start + 1] : 0
        switch byte {
        case UInt8(ascii: "@") where next == byte:
            return token(.scripting, from: start, to: start + 2)
        case UInt8(ascii: ":") where next == UInt8(ascii: "="):
            return token(.assignment, from: start, to: start + 2)
        case UInt8(ascii: "$") where next == UInt8(ascii: "{"):
            return placeholder(from: start, in: bytes)
        case UInt8(ascii: "$") where dialect != .sqlite:
            return dollar(next, from: start, in: bytes)
        case UInt8(ascii: "?") where dialect == .sqlite:
            var end = start + 1
            while end < bytes.count, bytes[end].isDigit { end += 1 }
            return token(.parameter, from: start, to: end)
        default:
            guard dialect == .sqlite else { return token(.symbol, from: start, to: start + 1) }
            return parameter(from: start, in: bytes)
        }
    }

    /// SQLite's named parameters, with Tcl's additions: `$a::b` and `$a(…)`, whose parentheses may hold anything but
    /// blanks, a `;` too.
    private mutating func parameter(from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        var end = start + 1
        var letters = 0
        scan: while end < bytes.count {
            switch bytes[end] {
            case let byte where byte.isIdentifierPart:
                letters += 1
                end += 1
            case UInt8(ascii: "(") where letters > 0:
                var closing = end + 1
                while closing < bytes.count, bytes[closing] != UInt8(ascii: ")"), !bytes[closing].isBlank {
                    closing += 1
                }
                if closing < bytes.count, bytes[closing] == UInt8(ascii: ")") { end = closing + 1 }
                break scan
            case UInt8(ascii: ":") where end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: ":"):
                end += 2
            default:
                break scan
            }
        }
        guard letters > 0 else { return token(.symbol, from: start, to: start + 1) }
        return token(.parameter, from: start, to: end)
    }

    /// `$1`, or `$$…$$` and `$tag$…$tag$`. A `$` behind a letter never comes here: it is part of that word.
    private mutating func dollar(_ next: UInt8, from start: Int, in bytes: Span<UInt8>) -> SQLToken {
        let count = bytes.count
        var end = start + 1
        if next.isDigit {
            while end < count, bytes[end].isDigit { end += 1 }
            return token(.parameter, from: start, to: end)
        }
        if next.isIdentifierStart {
            while end < count, bytes[end].isIdentifierPart, bytes[end] != UInt8(ascii: "$") { end += 1 }
        }
        guard end < count, bytes[end] == UInt8(ascii: "$") else {
            return token(.symbol, from: start, to: start + 1)
        }
        // The tag with both its signs. What it closes is searched as bytes: case counts.
        let tag = end + 1 - start
        var position = end + 1
        while position + tag <= count {
            guard bytes[position] == UInt8(ascii: "$") else {
                position += 1
                continue
            }
            var matched = 1
            while matched < tag, bytes[position + matched] == bytes[start + matched] { matched += 1 }
            if matched == tag { return token(.dollarString, from: start, to: position + tag) }
            // The byte that differs may be the `$` that opens the closing tag; nothing before it can.
            position += matched
        }
        return token(.unterminatedDollarString, from: start, to: count)
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self &- 0x09 < 5 }
}
