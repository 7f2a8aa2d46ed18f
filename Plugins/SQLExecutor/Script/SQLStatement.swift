import SluiceCore

/// One statement of a script: where it stands and what kind it is.
///
/// From its first token (a hint counts) to its last; the `;`, and the comments before and behind, lie outside. Kept in 24
/// bytes, for scripts of millions of statements.
public struct SQLStatement: Sendable, Hashable {
    var startOffset: UInt32
    var endOffset: UInt32
    var startLine: UInt32
    var startColumn: UInt32
    /// Where its qualifiers begin in the script's list; they end where the next statement's begin.
    var firstQualifier: UInt32
    var verb: SQLVerb
    var traits: SQLTraits

    /// Offset of the first byte in the script, from 0.
    public var start: Int { Int(startOffset) }
    /// Offset behind the last byte.
    public var end: Int { Int(endOffset) }
    /// Line of the first byte, from 1.
    public var line: Int { Int(startLine) }
    /// Column of the first byte, from 1, in Unicode scalars.
    public var column: Int { Int(startColumn) }

    /// The same as the plan's step.
    public var range: StepRange { StepRange(start: start, end: end, line: line, column: column) }
    var position: SourcePosition { SourcePosition(line: line, column: column) }
}

/// What a statement does, as far as its leading words say.
enum SQLVerb: UInt8, Sendable {
    case other
    /// `USE DATABASE`, `USE SCHEMA`, `USE POOL`.
    case use
    /// `SELECT`, `VALUES`, `WITH … SELECT`: answers rows and changes none.
    case query
    /// `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, `MERGE`.
    case change
    /// `BEGIN`, `START TRANSACTION`, `COMMIT`, `END`, `ROLLBACK`, `SAVEPOINT`, `RELEASE`.
    case transaction
    case createDatabase, dropDatabase, createSchema, dropSchema
    case attach, detach, vacuum, pragma
    /// Any other `CREATE`.
    case create
    /// `@@ …`, Blue Scripting.
    case scripting
}

/// What the lexing pass noticed about a statement.
struct SQLTraits: OptionSet, Sendable, Hashable {
    var rawValue: UInt8

    /// A literal in it looks like a secret.
    static let secret = SQLTraits(rawValue: 1)
    /// A comment or dollar-quoted text in it may hold one.
    static let mayHoldSecret = SQLTraits(rawValue: 2)
    /// `SELECT … INTO`, which keeps its rows.
    static let into = SQLTraits(rawValue: 4)
    /// Holds `@@` outside quotes and comments.
    static let scripting = SQLTraits(rawValue: 8)
    /// Holds a `${…}` outside quotes and comments.
    static let placeholder = SQLTraits(rawValue: 16)
}

/// A name followed by a dot, and the name behind it: `schema.table`, or as well `alias.column`.
struct SQLQualifier: Sendable, Hashable {
    var start: UInt32
    var end: UInt32
    /// Empty when no name follows, as in `f.*`.
    var objectStart: UInt32
    var objectEnd: UInt32
}
