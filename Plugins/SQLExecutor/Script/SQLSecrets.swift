import SluiceCore

/// Finds secrets in SQL by its tokens, and blanks them.
///
/// A literal is a secret when the name before it says so (`AWS_SECRET = '…'`, `PASSWORD '…'`, `token => '…'`), or when it
/// looks like one: `Bearer …`, an AWS key id, a JWT, a private key, a URL or connection string with a password.
enum SQLSecrets {
    /// What stands in a secret's place.
    static let blank = "'***'"

    /// Whether the string `token` is a secret, given the tokens before it (nearest first) and its own looks.
    static func isSecret(
        _ token: SQLToken, after previous: SQLToken, _ second: SQLToken, in bytes: Span<UInt8>
    ) -> Bool {
        if token.kind == .quotedIdentifier { return isQuotedSecret(token, after: previous, second, in: bytes) }
        switch previous.kind {
        case .assignment:
            if names(second, in: bytes) { return true }
        case .symbol:
            // `password : 'x'`
            if bytes[previous.start] == UInt8(ascii: ":"), names(second, in: bytes) { return true }
        case .word:
            // `PASSWORD 'x'`, `SET password TO 'x'`, `IDENTIFIED BY 'x'`
            if names(previous, in: bytes) { return true }
            if previous.spells("by", in: bytes), second.spells("identified", in: bytes) { return true }
            if previous.spells("to", in: bytes) || previous.spells("is", in: bytes), names(second, in: bytes) {
                return true
            }
        default: break
        }
        return looksSecret(token, in: bytes)
    }

    /// Whether text in double quotes is a secret: MySQL, and SQLite where no such column is, take it for a literal. An alias
    /// (`SELECT password "p"`) and a name's first part (`password = "u"."p"`) are none.
    private static func isQuotedSecret(
        _ token: SQLToken, after previous: SQLToken, _ second: SQLToken, in bytes: Span<UInt8>
    ) -> Bool {
        if token.end < bytes.count, bytes[token.end] == UInt8(ascii: ".") { return false }
        switch previous.kind {
        case .assignment:
            if names(second, in: bytes) { return true }
        case .symbol:
            if bytes[previous.start] == UInt8(ascii: ":"), names(second, in: bytes) { return true }
        case .word:
            if previous.spells("by", in: bytes), second.spells("identified", in: bytes) { return true }
            if previous.spells("to", in: bytes), names(second, in: bytes) { return true }
            if names(previous, in: bytes), second.kind == .word, !opensNames(second, in: bytes) { return true }
        default: break
        }
        return looksSecret(token, in: bytes)
    }

    /// Whether a name, and then its alias, come behind this word.
    private static func opensNames(_ token: SQLToken, in bytes: Span<UInt8>) -> Bool {
        token.spells("select", in: bytes) || token.spells("distinct", in: bytes) || token.spells("all", in: bytes)
            || token.spells("from", in: bytes) || token.spells("join", in: bytes) || token.spells("into", in: bytes)
            || token.spells("update", in: bytes)
    }

    /// Whether the token says nothing about what comes before a literal: the letter of `x'…'`, the second sign of `==`.
    @inline(__always)
    static func isTransparent(_ token: SQLToken, after previous: SQLToken, in bytes: Span<UInt8>) -> Bool {
        switch token.kind {
        case .word:
            token.end - token.start == 1 && token.end < bytes.count && bytes[token.end] == UInt8(ascii: "'")
        case .assignment: previous.kind == .assignment && previous.end == token.start
        default: false
        }
    }

    /// Whether a bare word is shaped like a secret.
    static func looksSecret(word: SQLToken, in bytes: Span<UInt8>) -> Bool {
        guard word.start > 0 else { return false }
        return looksSecret(SQLToken(kind: .string, start: word.start - 1, end: word.end), in: bytes)
    }

    // MARK: - Names

    /// Whether the name is one that holds a secret: exactly one of the short ones, or ending in one of the others.
    static func names(_ token: SQLToken, in bytes: Span<UInt8>) -> Bool {
        var start = token.start
        var end = token.end
        switch token.kind {
        case .word: break
        case .quotedIdentifier, .string:
            start += 1
            end -= 1
        default: return false
        }
        return names(start..<end, in: bytes)
    }

    private static func names(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        guard range.count >= 3, range.count <= 128 else { return false }
        switch bytes[range.upperBound - 1].lowered {
        case UInt8(ascii: "d"):
            return ends(range, with: "password", in: bytes) || ends(range, with: "passwd", in: bytes)
                || ends(range, with: "pwd", in: bytes) || ends(range, with: "aws_id", in: bytes)
                || ends(range, with: "access_key_id", in: bytes)
        case UInt8(ascii: "t"):
            return ends(range, with: "secret", in: bytes)
        case UInt8(ascii: "n"):
            return ends(range, with: "token", in: bytes) || ends(range, with: "authorization", in: bytes)
        case UInt8(ascii: "e"):
            return ends(range, with: "passphrase", in: bytes)
        case UInt8(ascii: "y"):
            return ends(range, with: "secret_key", in: bytes) || ends(range, with: "access_key", in: bytes)
                || ends(range, with: "api_key", in: bytes) || ends(range, with: "apikey", in: bytes)
                || ends(range, with: "private_key", in: bytes) || ends(range, with: "accountkey", in: bytes)
                || ends(range, with: "account_key", in: bytes) || ends(range, with: "aws_key", in: bytes)
        case UInt8(ascii: "s"):
            return ends(range, with: "credentials", in: bytes)
        default: return false
        }
    }

    private static func ends(_ range: Range<Int>, with word: StaticString, in bytes: Span<UInt8>) -> Bool {
        let count = word.utf8CodeUnitCount
        guard range.count >= count else { return false }
        return SQLToken(kind: .word, start: range.upperBound - count, end: range.upperBound).spells(word, in: bytes)
    }

    // MARK: - Looks

    /// Whether the text of a literal is shaped like a secret. One pass; most bytes cost one comparison.
    private static func looksSecret(_ token: SQLToken, in bytes: Span<UInt8>) -> Bool {
        let end = token.end
        guard end - token.start >= 10 else { return false }
        var index = token.start + 1
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "e"):
                // A JWT's header is `{"`, which is `eyJ` in base64.
                if starts("eyj", at: index, before: end, in: bytes), tokenLength(index, end, bytes) >= 20,
                    !isLetterOrDigit(bytes[index - 1])
                {
                    return true
                }
            case UInt8(ascii: "B"), UInt8(ascii: "b"):
                if starts("bearer ", at: index, before: end, in: bytes), tokenLength(index + 7, end, bytes) >= 8 {
                    return true
                }
            case UInt8(ascii: "A"):
                if starts("akia", at: index, before: end, in: bytes)
                    || starts("asia", at: index, before: end, in: bytes),
                    isAccessKey(index, end, bytes)
                {
                    return true
                }
            case UInt8(ascii: "-"):
                if starts("-----begin ", at: index, before: end, in: bytes) {
                    if contains("private key", in: index..<min(end, index + 64), bytes) { return true }
                } else if bytes[index - 1] >= UInt8(ascii: "A"),
                    isKeyPrefix(endingAt: index, from: token.start + 1, end, bytes)
                {
                    return true
                }
            case UInt8(ascii: "_"):
                if isKeyPrefix(endingAt: index, from: token.start + 1, end, bytes) { return true }
            case UInt8(ascii: ":"):
                if starts("://", at: index, before: end, in: bytes), holdsPassword(index + 3, end, bytes) {
                    return true
                }
                if !bytes[index - 1].isIdentifierPart, isSecretMember(colon: index, from: token.start + 1, end, bytes) {
                    return true
                }
            case UInt8(ascii: "="):
                // `host=db password=…` inside a connection string.
                var name = index
                while name > token.start + 1, bytes[name - 1].isIdentifierPart { name -= 1 }
                if index + 1 < end - 1, bytes[index + 1] != UInt8(ascii: "="), names(name..<index, in: bytes) {
                    return true
                }
            default: break
            }
            index += 1
        }
        return false
    }

    private static func starts(_ word: StaticString, at index: Int, before end: Int, in bytes: Span<UInt8>) -> Bool {
        let count = word.utf8CodeUnitCount
        guard index + count <= end else { return false }
        return SQLToken(kind: .word, start: index, end: index + count).spells(word, in: bytes)
    }

    private static func contains(_ word: StaticString, in range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        for index in range where starts(word, at: index, before: range.upperBound, in: bytes) { return true }
        return false
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { byte.isIdentifierPart && byte != UInt8(ascii: "$") }

    /// How many characters of a token (RFC 6750, *b64token*) stand from `start` on.
    private static func tokenLength(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Int {
        var index = start
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
                index += 1
            default: return index - start
            }
        }
        return index - start
    }

    /// `AKIA` or `ASIA` and sixteen capitals or digits.
    private static func isAccessKey(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Bool {
        guard start + 20 <= end else { return false }
        for index in start..<(start + 20) {
            guard bytes[index].isDigit || bytes[index] &- UInt8(ascii: "A") < 26 else { return false }
        }
        return true
    }

    /// A service's key: `ghp_…`, `gho_…`, `github_pat_…`, `sk_live_…`, `sk-live-…`, `xoxb-…`. Looked for from its last sign,
    /// which few texts have, so that other texts cost nothing more.
    private static func isKeyPrefix(endingAt sign: Int, from start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Bool {
        func stands(_ word: StaticString) -> Bool {
            let first = sign + 1 - word.utf8CodeUnitCount
            return first >= start && starts(word, at: first, before: sign + 1, in: bytes)
                && (first == start || !isLetterOrDigit(bytes[first - 1]))
        }
        let known =
            bytes[sign] == UInt8(ascii: "_")
            ? stands("ghp_") || stands("gho_") || stands("github_pat_") || stands("sk_live_")
            : stands("xoxb-") || stands("xoxa-") || stands("xoxp-") || stands("sk-live-")
        return known && tokenLength(sign + 1, end, bytes) >= 6
    }

    /// `"password": "…"` of a JSON text, its quotes doubled or behind `\` as the literal around it wants them.
    private static func isSecretMember(colon: Int, from start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Bool {
        func isQuote(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\")
        }
        var nameEnd = colon
        while nameEnd > start, bytes[nameEnd - 1].isBlank { nameEnd -= 1 }
        guard nameEnd > start, isQuote(bytes[nameEnd - 1]) else { return false }
        while nameEnd > start, isQuote(bytes[nameEnd - 1]) { nameEnd -= 1 }
        var name = nameEnd
        while name > start, nameEnd - name <= 128, bytes[name - 1].isIdentifierPart { name -= 1 }
        guard names(name..<nameEnd, in: bytes) else { return false }
        var value = colon + 1
        while value < end, bytes[value].isBlank { value += 1 }
        return value < end - 1 && (isQuote(bytes[value]) || bytes[value].isDigit)
    }

    /// `user:password@` behind the `://` of a URL.
    private static func holdsPassword(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Bool {
        var colon = false
        for index in start..<end {
            switch bytes[index] {
            case UInt8(ascii: ":"): colon = true
            case UInt8(ascii: "@"): return colon
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0x20: return false
            default: break
            }
        }
        return false
    }
}
