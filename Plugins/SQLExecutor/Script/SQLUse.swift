import SluiceCore

/// A `USE` statement: what it switches.
public struct SQLUse: Sendable, Hashable {
    public var database: String?
    public var schema: String?
    public var pool: String?

    public init(database: String? = nil, schema: String? = nil, pool: String? = nil) {
        self.database = database
        self.schema = schema
        self.pool = pool
    }

    /// Reads a statement that begins with `USE`.
    ///
    /// `USE DATABASE d`, `USE SCHEMA s`, both in one statement and in either order, `USE [RESOURCE] POOL p`.
    ///
    /// - Throws: `sql.use-malformed` at the word that does not fit.
    init(_ statement: SQLStatement, of bytes: Span<UInt8>, dialect: SQLDialect) throws(SQLError) {
        var words = SQLWords(statement, of: bytes, dialect: dialect)
        _ = words.next(in: bytes)
        var part = words.next(in: bytes)
        if SQLKeyword(part, in: bytes) == .resource {
            part = words.next(in: bytes)
            guard SQLKeyword(part, in: bytes) == .pool else {
                throw Self.malformed("USE RESOURCE goes on with POOL", part, words, bytes)
            }
        }
        switch SQLKeyword(part, in: bytes) {
        case .database:
            database = try Self.name("database", &words, bytes)
            part = words.next(in: bytes)
            if SQLKeyword(part, in: bytes) == .schema {
                schema = try Self.name("schema", &words, bytes)
                part = words.next(in: bytes)
            }
        case .schema:
            schema = try Self.name("schema", &words, bytes)
            part = words.next(in: bytes)
            if SQLKeyword(part, in: bytes) == .database {
                database = try Self.name("database", &words, bytes)
                part = words.next(in: bytes)
            }
        case .pool:
            pool = try Self.name("pool", &words, bytes)
            part = words.next(in: bytes)
        default:
            throw Self.malformed("USE goes on with DATABASE, SCHEMA or [RESOURCE] POOL", part, words, bytes)
        }
        guard part.kind == .end else {
            let hint = part.kind == .dot ? "; for a schema of another database write USE DATABASE d SCHEMA s" : ""
            throw Self.malformed("USE has all it needs before this\(hint)", part, words, bytes)
        }
    }

    private static func name(
        _ what: String, _ words: inout SQLWords, _ bytes: Span<UInt8>
    ) throws(SQLError) -> String {
        let token = words.next(in: bytes)
        guard let name = words.identifier(token, in: bytes) else {
            throw malformed("USE needs the name of a \(what) here", token, words, bytes)
        }
        let keyword = SQLKeyword(token, in: bytes)
        if keyword == .database || keyword == .schema || keyword == .pool || keyword == .resource {
            throw malformed("USE needs the name of a \(what) here; quote it if it is called so", token, words, bytes)
        }
        if let problem = SQLIdentifier.problem(name, quoted: token.kind == .quotedIdentifier, dialect: words.dialect) {
            throw malformed("This cannot be the name of a \(what): \(problem)", token, words, bytes)
        }
        return name
    }

    private static func malformed(
        _ reason: String, _ token: SQLToken, _ words: SQLWords, _ bytes: Span<UInt8>
    ) -> SQLError {
        let found = token.kind == .end ? "the end of the statement" : "'" + shown(token, words, bytes) + "'"
        let position = SourceCursor.position(of: token.start, in: bytes)
        return SQLError(
            code: "sql.use-malformed",
            "\(reason), but line \(position.line), column \(position.column) has \(found).", at: position)
    }

    /// The token as an error may show it.
    private static func shown(_ token: SQLToken, _ words: SQLWords, _ bytes: Span<UInt8>) -> String {
        switch token.kind {
        // What a text holds is no help, and may be a secret.
        case .string, .dollarString: return "***"
        case .word, .quotedIdentifier, .number, .parameter:
            if SQLSecrets.looksSecret(word: token, in: bytes) { return "***" }
        default: break
        }
        return String(decoding: (token.start..<min(token.end, token.start + 140)).map { bytes[$0] }, as: UTF8.self)
    }
}
