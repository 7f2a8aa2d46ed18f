import SluiceCore

/// Tells a placeholder that stands for a value from one that stands where a name must.
///
/// A value can do no harm in a name's place, because it is bound or quoted; but the database's own error would speak of a
/// `?1` that nobody wrote. So what can be told from the neighbouring tokens is refused before anything runs, and the database
/// refuses the rest. One rule is more than a courtesy: a literal must not stand beside a text, because PostgreSQL reads
/// `E'a'`, a line break, `'b'` as one text, and backslashes of a value would then count.
struct SQLPlaceholderPlace {
    enum Wrong { case name, besideText }

    private let isDefinition: Bool
    private var previous = SQLToken(kind: .end, start: 0, end: 0)
    private var second = SQLToken(kind: .end, start: 0, end: 0)
    /// For every open parenthesis, whether FROM means a value inside it.
    private var valueAfterFrom: [Bool] = []

    init(_ verb: SQLVerb) {
        // Statements that hold nothing but names.
        isDefinition =
            switch verb {
            case .use, .createDatabase, .dropDatabase, .createSchema, .dropSchema, .transaction: true
            default: false
            }
    }

    /// Takes the statement's next token; answers the placeholder that stands wrong.
    mutating func read(_ token: SQLToken, in bytes: Span<UInt8>) -> (SQLToken, Wrong)? {
        defer {
            second = previous
            previous = token
        }
        if previous.kind == .placeholder, let wrong = wrong(before: token) { return (previous, wrong) }
        switch token.kind {
        case .placeholder:
            return wrong(placeholderIn: bytes).map { (token, $0) }
        case .openParenthesis:
            valueAfterFrom.append(
                Self.fromFunctions.contains { previous.kind == .word && previous.spells($0, in: bytes) })
        case .closeParenthesis:
            _ = valueAfterFrom.popLast()
        default: break
        }
        return nil
    }

    /// What the token behind a placeholder says of it.
    private func wrong(before token: SQLToken) -> Wrong? {
        switch token.kind {
        case .dot, .openParenthesis: .name
        case .string, .dollarString: .besideText
        default: nil
        }
    }

    /// What the tokens before a placeholder say of it.
    private func wrong(placeholderIn bytes: Span<UInt8>) -> Wrong? {
        if isDefinition { return .name }
        switch previous.kind {
        case .dot, .quotedIdentifier: return .name
        case .string, .dollarString: return .besideText
        case .word:
            if previous.spells("from", in: bytes) {
                let isValue = valueAfterFrom.last ?? false || second.spells("distinct", in: bytes)
                return isValue ? nil : .name
            }
            return Self.nameWords.contains { previous.spells($0, in: bytes) } ? .name : nil
        default: return nil
        }
    }

    /// `EXTRACT(day FROM x)` and its like.
    private static let fromFunctions: [StaticString] = ["extract", "trim", "substring", "overlay"]

    /// What a name follows, and never a value.
    private static let nameWords: [StaticString] = [
        "join", "into", "update", "table", "view", "index", "trigger", "schema", "database", "column", "function",
        "procedure", "sequence", "type", "role", "user", "exists", "references", "constraint", "collate", "as",
        "savepoint", "release", "pragma", "recursive", "only", "rename",
    ]
}
