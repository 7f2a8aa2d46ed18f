import SluiceCore

/// Blanks the secrets of a statement's text, for step records, errors and logs.
struct SQLRedactor {
    let dialect: SQLDialect

    /// The ranges of `text`'s literals that are secrets, each with its quotes; comments and dollar-quoted bodies are
    /// looked into as SQL of their own.
    func secrets(in bytes: Span<UInt8>, from start: Int, to end: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        collect(into: &found, bytes, from: start, to: end, depth: 0)
        return found
    }

    private func collect(
        into found: inout [Range<Int>], _ bytes: Span<UInt8>, from start: Int, to end: Int, depth: Int
    ) {
        let part = bytes.extracting(start..<end)
        var lexer = SQLLexer(dialect: dialect)
        var previous = SQLToken(kind: .semicolon, start: 0, end: 0)
        var second = previous
        var letters = false
        var columns = SQLSecretColumns()
        while true {
            let token = lexer.next(in: part)
            switch token.kind {
            case .end: return
            case .comment, .hint, .unterminatedComment:
                let opening = min(2, token.end - token.start)
                if depth < 4 {
                    collect(
                        into: &found, bytes, from: start + token.start + opening, to: start + token.end,
                        depth: depth + 1)
                }
                continue
            case .dollarString, .unterminatedDollarString:
                let isColumn = columns.read(token, after: previous, second, in: part)
                if isColumn || SQLSecrets.isSecret(token, after: previous, second, in: part) {
                    found.append(start + token.start..<start + token.end)
                } else if depth < 4 {
                    let inner = innerRange(token, in: part)
                    collect(
                        into: &found, bytes, from: start + inner.lowerBound, to: start + inner.upperBound,
                        depth: depth + 1)
                }
            case .string, .unterminatedString, .quotedIdentifier, .number:
                let isColumn = columns.read(token, after: previous, second, in: part)
                if isColumn
                    || (token.kind != .number && SQLSecrets.isSecret(token, after: previous, second, in: part))
                {
                    found.append(start + token.start - (letters ? 1 : 0)..<start + token.end)
                }
            default:
                // The letter of `x'…'` is a part of the literal.
                if SQLSecrets.isTransparent(token, after: previous, in: part) {
                    letters = token.kind == .word
                    continue
                }
                _ = columns.read(token, after: previous, second, in: part)
            }
            letters = false
            second = previous
            previous = token
        }
    }

    private func innerRange(_ token: SQLToken, in bytes: Span<UInt8>) -> Range<Int> {
        var tag = token.start + 1
        while tag < token.end, bytes[tag] != UInt8(ascii: "$") { tag += 1 }
        let opening = tag + 1 - token.start
        let closing = token.kind == .dollarString ? opening : 0
        let lower = min(token.start + opening, token.end)
        return lower..<max(lower, token.end - closing)
    }

    /// A text that a database made of a part of a statement, with the secrets that it shows by itself blanked.
    func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return redact(bytes.span, from: 0, to: bytes.count)
    }

    /// The text with every secret blanked.
    func redact(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(end - start)
        var position = start
        for secret in secrets(in: bytes, from: start, to: end) {
            for index in position..<secret.lowerBound { text.append(bytes[index]) }
            text.append(contentsOf: SQLSecrets.blank.utf8)
            position = secret.upperBound
        }
        for index in position..<end { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }
}
