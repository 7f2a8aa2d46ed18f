import SluiceCore

/// A statement as it goes to SQLite: its own bytes, or a copy with its placeholders replaced.
struct SQLiteText {
    let script: SQLScript
    let index: Int
    /// Nil when the statement has no placeholders.
    private let sending: SQLSending?

    init(_ index: Int, of script: SQLScript, with values: SQLValues) throws(SQLError) {
        self.script = script
        self.index = index
        sending = try script.sending(index, with: values, as: Self.way(of: index, of: script))
    }

    /// What to bind.
    var parameters: [SQLValue] { sending?.parameters ?? [] }

    private var range: Range<Int> {
        guard let sending else { return script.statements[index].start..<script.statements[index].end }
        return 0..<sending.bytes.count
    }

    var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        (sending?.bytes ?? script.bytes).withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[range]))
        }
    }

    // MARK: - Binding or writing

    /// How the statement's values go along. SQLite binds them, except in what it keeps as text in the schema (views, triggers,
    /// defaults, checks, indexes, what CREATE VIRTUAL TABLE passes on) and in pragmas.
    static func way(of index: Int, of script: SQLScript) -> SQLSending.Way {
        let bound = SQLSending.Way.parameters(sign: "?")
        let statement = script.statements[index]
        let span = script.bytes.span
        var words = SQLWords(statement, of: span, dialect: .sqlite)
        switch statement.verb {
        case .pragma: return .literals
        case .create: return makesTableOfQuery(&words, span) ? bound : .literals
        case .other: return words.next(in: span).spells("alter", in: span) ? .literals : bound
        default: return bound
        }
    }

    /// `CREATE [TEMP] TABLE [IF NOT EXISTS] [schema.]name AS …`: runs its query, and keeps no text of it.
    private static func makesTableOfQuery(_ words: inout SQLWords, _ span: Span<UInt8>) -> Bool {
        var token = words.next(in: span)
        while SQLKeyword(token, in: span) != .table {
            // EXPLAIN and QUERY PLAN may stand ahead too; a statement with another object has its own word here.
            guard [.explain, .query, .plan, .create, .temp, .temporary].contains(SQLKeyword(token, in: span)) else {
                return false
            }
            token = words.next(in: span)
        }
        token = words.next(in: span)
        if SQLKeyword(token, in: span) == .`if` {
            for _ in 0..<3 { token = words.next(in: span) }
        }
        token = words.next(in: span)
        if token.kind == .dot {
            _ = words.next(in: span)
            token = words.next(in: span)
        }
        return token.spells("as", in: span)
    }

    // MARK: - Back to the script

    /// SQLite must have read the whole statement: were the rest SQL too, it would be dropped in silence.
    func refuseRest(from consumed: Int) throws(SQLError) {
        let range = range
        guard consumed < range.count else { return }
        let bytes = sending?.bytes ?? script.bytes
        var lexer = SQLLexer(dialect: .sqlite)
        lexer.position = range.lowerBound + consumed
        var token = lexer.next(in: bytes.span)
        while token.kind == .comment || token.kind == .hint || token.kind == .semicolon {
            token = lexer.next(in: bytes.span)
        }
        guard token.start < range.upperBound else { return }
        var error = SQLError(code: "sql.error", "SQLite ends the statement before this; write a ; where it should end.")
        error.statementOffset = token.start - range.lowerBound
        error = placed(error)
        error.position = script.position(of: script.statements[index].start + (error.statementOffset ?? 0))
        throw error
    }

    func shown(column: String) -> String { sending?.shown(column: column) ?? column }

    /// An error of SQLite's about this text, with its place in the statement as it is written, and without values.
    func placed(_ error: SQLError) -> SQLError {
        guard let sending else { return error }
        var error = error
        if let offset = error.statementOffset { error.statementOffset = sending.statementOffset(of: offset) }
        error.message = sending.shown(message: error.message)
        if error.code == "sql.error", error.message.hasPrefix("near \"${") {
            error.code = "sql.placeholder-name"
            error.message += "; a placeholder is a value, and SQLite takes none here"
        }
        return error
    }
}
