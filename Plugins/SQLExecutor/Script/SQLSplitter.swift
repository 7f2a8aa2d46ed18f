import SluiceCore

/// Groups a script's tokens into statements. Pure; one pass; everything that later steps want to know about a statement
/// is noticed on the way.
struct SQLSplitter {
    private(set) var statements: [SQLStatement] = []
    private(set) var qualifiers: [SQLQualifier] = []

    private let dialect: SQLDialect
    private var cursor = SourceCursor()

    // The statement being read.
    private var start = -1
    private var end = 0
    private var firstQualifier = 0
    private var head = Head.start
    private var body = Body.plain
    private var verb = SQLVerb.other
    private var traits: SQLTraits = []
    /// How many parentheses are open, and how many were where the verb stands.
    private var depth = 0
    private var headDepth = 0

    // The last two tokens that are no comments.
    private var previous = Self.none
    private var second = Self.none
    /// Whether the last dot belongs to the last qualifier, whose object comes next.
    private var awaitsObject = false

    private static let none = SQLToken(kind: .semicolon, start: 0, end: 0)

    /// How far the leading words have been read.
    private enum Head: UInt8 { case start, explain, create, drop, with, query, done }

    /// In which kind of body a `;` may stand without ending the statement.
    private enum Body: UInt8 {
        case plain
        /// SQLite's `CREATE TRIGGER`, before its BEGIN, inside, behind a `;` of it, and behind `; END`.
        case trigger, triggerBody, triggerSemicolon, triggerEnd
        /// PostgreSQL's `CREATE FUNCTION` or `PROCEDURE`; a body in SQL is `BEGIN ATOMIC … END`.
        case routine
        /// PostgreSQL's `CREATE RULE … DO (…; …)`.
        case rule
    }
    /// How many BEGIN and CASE of a routine's body are open.
    private var routineDepth = 0

    init(dialect: SQLDialect) { self.dialect = dialect }

    /// Reads the whole script.
    ///
    /// - Throws: `sql.unterminated-…`, naming what was left open and where it opened.
    mutating func split(_ bytes: Span<UInt8>) throws(SQLError) {
        guard bytes.count < Int(UInt32.max) else {
            throw SQLError(code: "sql.too-large", "A script has at most 4 GiB; split this one.")
        }
        // Ample room at once: memory that is never touched costs nothing, and growing step by step would copy it all.
        statements.reserveCapacity(bytes.count / 8 + 1)
        qualifiers.reserveCapacity(bytes.count / 32)
        var lexer = SQLLexer(dialect: dialect)
        var hint = -1
        while true {
            let token = lexer.next(in: bytes)
            switch token.kind {
            // Most tokens of most scripts: nothing about the statement depends on them any more.
            case .word, .number, .symbol, .assignment, .parameter, .openParenthesis, .closeParenthesis:
                if start >= 0, head == .done, body == .plain, !awaitsObject {
                    end = token.end
                    if previous.kind == .symbol || previous.kind == .openParenthesis { readName(token, in: bytes) }
                    shift(token)
                    continue
                }
            case .comment:
                if start >= 0 { traits.insert(.mayHoldSecret) }
                continue
            case .hint:
                // Before the first word it belongs to the statement if one follows; behind, it does anyway.
                if start >= 0 {
                    end = token.end
                    traits.insert(.mayHoldSecret)
                } else if hint < 0 {
                    hint = token.start
                }
                continue
            case .semicolon:
                if start >= 0, continuesBehindSemicolon() {
                    end = token.end
                    shift(token)
                    continue
                }
                finish(in: bytes)
                hint = -1
                continue
            case .end:
                finish(in: bytes)
                return
            case .unterminatedString, .unterminatedIdentifier, .unterminatedComment, .unterminatedDollarString:
                throw Self.unterminated(token, in: bytes)
            default:
                break
            }
            if start < 0 {
                start = hint >= 0 ? hint : token.start
                if hint >= 0 { traits.insert(.mayHoldSecret) }
            }
            end = token.end
            read(token, in: bytes)
            shift(token)
        }
    }

    @inline(__always)
    private mutating func shift(_ token: SQLToken) {
        second = previous
        previous = token
    }

    /// A secret's name behind a parenthesis or a comma may head a column of values. Queries have none such.
    private mutating func readName(_ token: SQLToken, in bytes: Span<UInt8>) {
        if verb != .query, SQLSecrets.names(token, in: bytes) { traits.insert(.mayHoldSecret) }
    }

    private mutating func finish(in bytes: Span<UInt8>) {
        guard start >= 0 else { return }
        let place = cursor.move(to: start, in: bytes)
        statements.append(
            SQLStatement(
                startOffset: UInt32(truncatingIfNeeded: start), endOffset: UInt32(truncatingIfNeeded: end),
                startLine: UInt32(truncatingIfNeeded: place.line),
                startColumn: UInt32(truncatingIfNeeded: place.column),
                firstQualifier: UInt32(truncatingIfNeeded: firstQualifier), verb: verb, traits: traits))
        start = -1
        firstQualifier = qualifiers.count
        head = .start
        body = .plain
        verb = .other
        traits = []
        depth = 0
        routineDepth = 0
        previous = Self.none
        second = Self.none
        awaitsObject = false
    }

    // MARK: - One token

    private mutating func read(_ token: SQLToken, in bytes: Span<UInt8>) {
        if awaitsObject {
            awaitsObject = false
            if token.kind == .word || token.kind == .quotedIdentifier || token.kind == .string {
                qualifiers[qualifiers.count - 1].objectStart = UInt32(truncatingIfNeeded: token.start)
                qualifiers[qualifiers.count - 1].objectEnd = UInt32(truncatingIfNeeded: token.end)
            }
        }
        switch token.kind {
        case .word:
            if head != .done { readHead(token, in: bytes) }
            if body != .plain { readBody(token, in: bytes) }
            if previous.kind == .symbol || previous.kind == .openParenthesis { readName(token, in: bytes) }
            return
        case .dot:
            readDot()
        case .openParenthesis:
            depth += 1
        case .closeParenthesis:
            depth = max(0, depth - 1)
        case .string, .quotedIdentifier:
            if SQLSecrets.isSecret(token, after: previous, second, in: bytes) { traits.insert(.secret) }
            // `= x'…'` and `== '…'`: the name stands one token further ahead.
            if previous.end == token.start, previous.kind == .word, previous.end - previous.start == 1,
                second.kind == .assignment || second.kind == .word
                    || (second.kind == .symbol && bytes[second.start] == UInt8(ascii: ":"))
            {
                traits.insert(.mayHoldSecret)
            } else if previous.kind == .assignment, second.kind == .assignment {
                traits.insert(.mayHoldSecret)
            }
            if previous.kind == .symbol || previous.kind == .openParenthesis { readName(token, in: bytes) }
        case .dollarString:
            traits.insert(.mayHoldSecret)
        case .placeholder, .brokenPlaceholder:
            traits.insert(.placeholder)
        case .scripting:
            traits.insert(.scripting)
            if head == .start { verb = .scripting }
        default: break
        }
        switch head {
        // `(SELECT …) UNION …`: the head is inside.
        case .start where token.kind == .openParenthesis: break
        case .start, .explain, .create, .drop: head = .done
        case .with, .query, .done: break
        }
        if body == .triggerSemicolon || body == .triggerEnd { body = .triggerBody }
    }

    /// A name, a dot: the name qualifies what follows, unless a dot before it says that it is itself qualified.
    private mutating func readDot() {
        guard second.kind != .dot else { return }
        switch previous.kind {
        case .word, .quotedIdentifier: break
        // SQLite takes a string for a name where only a name can stand.
        case .string where dialect == .sqlite: break
        default: return
        }
        qualifiers.append(
            SQLQualifier(
                start: UInt32(truncatingIfNeeded: previous.start), end: UInt32(truncatingIfNeeded: previous.end),
                objectStart: 0, objectEnd: 0))
        awaitsObject = true
    }

    private mutating func readHead(_ token: SQLToken, in bytes: Span<UInt8>) {
        switch head {
        case .start, .explain:
            readVerb(token, in: bytes)
        case .create:
            switch SQLKeyword(token, in: bytes) {
            case .temp, .temporary: return
            case .or, .replace: return
            case .trigger: if dialect == .sqlite { body = .trigger }
            case .function, .procedure: if dialect == .postgres { body = .routine }
            case .rule: if dialect == .postgres { body = .rule }
            case .database: if verb == .create { verb = .createDatabase }
            case .schema: if verb == .create { verb = .createSchema }
            default: break
            }
            head = .done
        case .drop:
            switch SQLKeyword(token, in: bytes) {
            case .database: verb = .dropDatabase
            case .schema: verb = .dropSchema
            default: break
            }
            head = .done
        case .with:
            guard depth == headDepth, let keyword = SQLKeyword(token, in: bytes) else { return }
            switch keyword {
            case .select, .values:
                verb = .query
                head = .query
            case .insert, .update, .delete, .replace, .merge:
                verb = .change
                head = .done
            default: return
            }
        case .query:
            if depth == headDepth, token.spells("into", in: bytes) {
                traits.insert(.into)
                head = .done
            }
        case .done: return
        }
    }

    private mutating func readVerb(_ token: SQLToken, in bytes: Span<UInt8>) {
        let keyword = SQLKeyword(token, in: bytes)
        if head == .explain {
            // What is explained is not done; only the shape of CREATE TRIGGER matters.
            switch keyword {
            case .query, .plan: return
            case .create: head = .create
            default: head = .done
            }
            return
        }
        head = .done
        headDepth = depth
        switch keyword {
        case .select, .values, .table:
            verb = .query
            // SQLite has no SELECT INTO, and the others' is looked for at every word.
            if dialect != .sqlite { head = .query }
        case .insert, .update, .delete, .replace, .merge: verb = .change
        case .with: head = .with
        case .create:
            verb = .create
            head = .create
        case .drop: head = .drop
        case .use: verb = .use
        case .explain: head = .explain
        case .begin, .start, .commit, .end, .rollback, .savepoint, .release: verb = .transaction
        case .attach: verb = .attach
        case .detach: verb = .detach
        case .vacuum: verb = .vacuum
        case .pragma: verb = .pragma
        default: break
        }
    }

    // MARK: - Bodies with semicolons

    /// The rule for triggers is SQLite's own (`sqlite3_complete`): the statement ends at `; END ;`, so that no CASE … END
    /// inside needs counting.
    private mutating func readBody(_ token: SQLToken, in bytes: Span<UInt8>) {
        switch body {
        case .plain, .rule: break
        case .trigger:
            if token.spells("begin", in: bytes) { body = .triggerBody }
        case .triggerBody: break
        case .triggerSemicolon:
            body = token.spells("end", in: bytes) ? .triggerEnd : .triggerBody
        case .triggerEnd:
            body = .triggerBody
        case .routine:
            guard depth == 0 else { return }
            if token.spells("begin", in: bytes) {
                routineDepth += 1
            } else if routineDepth > 0 {
                if token.spells("case", in: bytes) { routineDepth += 1 }
                if token.spells("end", in: bytes) { routineDepth -= 1 }
            }
        }
    }

    private mutating func continuesBehindSemicolon() -> Bool {
        switch body {
        case .plain, .trigger, .triggerEnd: return false
        case .triggerBody, .triggerSemicolon:
            body = .triggerSemicolon
            return true
        case .routine: return routineDepth > 0
        case .rule: return depth > 0
        }
    }

    // MARK: - Errors

    private static func unterminated(_ token: SQLToken, in bytes: Span<UInt8>) -> SQLError {
        let position = SourceCursor.position(of: token.start, in: bytes)
        let place = "line \(position.line), column \(position.column)"
        switch token.kind {
        case .unterminatedString:
            return SQLError(
                code: "sql.unterminated-string",
                "The text that a ' opens at \(place) is never closed. Write a closing ' (and '' for a ' inside).",
                at: position)
        case .unterminatedIdentifier:
            let opening = bytes[token.start]
            let closing = opening == UInt8(ascii: "[") ? "]" : String(UnicodeScalar(opening))
            return SQLError(
                code: "sql.unterminated-identifier",
                "The name that a \(UnicodeScalar(opening)) opens at \(place) is never closed. Write a closing \(closing).",
                at: position)
        case .unterminatedDollarString:
            var end = token.start + 1
            while end < bytes.count, bytes[end] != UInt8(ascii: "$") { end += 1 }
            var tag: [UInt8] = []
            for index in token.start...min(end, bytes.count - 1) { tag.append(bytes[index]) }
            let name = String(decoding: tag, as: UTF8.self)
            return SQLError(
                code: "sql.unterminated-dollar-quote",
                "The text that \(name) opens at \(place) is never closed. Write a closing \(name), in the same case.",
                at: position)
        default:
            return SQLError(
                code: "sql.unterminated-comment",
                "The comment that a /* opens at \(place) is never closed. Write a closing */.", at: position)
        }
    }
}
