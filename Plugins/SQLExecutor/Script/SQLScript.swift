import Foundation
import SluiceCore

/// A SQL script, split into statements.
///
/// The bytes are kept as they are; statements are ranges of them. What lies between two statements (`;`, comments, blanks)
/// belongs to none, and the script's bytes are exactly the statements and what lies between.
public struct SQLScript: Sendable {
    public let bytes: [UInt8]
    public let dialect: SQLDialect
    /// In script order. Empty and comment-only statements are dropped.
    public let statements: [SQLStatement]
    let qualifiers: [SQLQualifier]

    /// Splits a script by the rules of `dialect` (`blue.md`, *SQL that a script may contain*).
    ///
    /// - Parameter bytes: UTF-8; anything else is split as well as it can be, and never fails for that.
    /// - Throws: ``SQLError`` `sql.unterminated-string`, `-identifier`, `-comment`, `-dollar-quote`, which name what was left
    ///   open and where it opened.
    public init(parsing bytes: [UInt8], dialect: SQLDialect) throws(SQLError) {
        var splitter = SQLSplitter(dialect: dialect)
        try splitter.split(bytes.span)
        self.bytes = bytes
        self.dialect = dialect
        statements = splitter.statements
        qualifiers = splitter.qualifiers
    }

    /// As ``init(parsing:dialect:)`` for the bytes of a file.
    public init(parsing data: Data, dialect: SQLDialect) throws(SQLError) {
        try self.init(parsing: [UInt8](data), dialect: dialect)
    }

    /// The statement's text as it stands in the script, with its secrets.
    public func text(of statement: SQLStatement) -> String { text(from: statement.start, to: statement.end) }

    /// The statement's text with every secret as `'***'`.
    ///
    /// - Parameter limit: where to cut, in bytes; the cut never splits a character.
    public func redactedText(of statement: SQLStatement, limit: Int = .max) -> String {
        let text =
            statement.traits.isDisjoint(with: [.secret, .mayHoldSecret])
            // One byte beyond the limit shows that there is more.
            ? self.text(from: statement.start, to: min(statement.end, statement.start + min(limit, bytes.count) + 1))
            : SQLRedactor(dialect: dialect).redact(bytes.span, from: statement.start, to: statement.end)
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    private func text(from start: Int, to end: Int) -> String {
        bytes.withUnsafeBufferPointer { buffer in
            String(decoding: UnsafeBufferPointer(rebasing: buffer[start..<end]), as: UTF8.self)
        }
    }

    /// What a `USE` statement switches; nil for any other statement.
    ///
    /// - Throws: ``SQLError`` `sql.use-malformed` with its line and column.
    public func use(of statement: SQLStatement) throws(SQLError) -> SQLUse? {
        guard statement.verb == .use else { return nil }
        return try SQLUse(statement, of: bytes.span, dialect: dialect)
    }

    /// Line and column of an offset in the script.
    func position(of offset: Int) -> SourcePosition {
        SourceCursor.position(of: min(max(offset, 0), bytes.count), in: bytes.span)
    }

    /// The qualifiers of the statement at `index`.
    func qualifiers(at index: Int) -> ArraySlice<SQLQualifier> {
        let end = index + 1 < statements.count ? Int(statements[index + 1].firstQualifier) : qualifiers.count
        return qualifiers[Int(statements[index].firstQualifier)..<end]
    }

    /// The schemas that the statement at `index` names: every name before a dot, without quotes, its ASCII letters small
    /// (SQLite compares names so), each once, in order of appearance. See `Fixtures/sql/named-schemas.json`.
    package func namedSchemas(at index: Int) -> [String] {
        var names: [String] = []
        for qualifier in qualifiers(at: index) {
            let name = String(
                decoding: SQLIdentifier.folded(qualifier.start, qualifier.end, in: bytes.span), as: UTF8.self)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
