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
                    return contains("private key-----", in: index..<min(end, index + 64), bytes)
                }
            case UInt8(ascii: ":"):
                if starts("://", at: index, before: end, in: bytes), holdsPassword(index + 3, end, bytes) {
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
