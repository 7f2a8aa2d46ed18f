import SluiceCore

/// Opens sessions on one kind of database.
///
/// Sessions are synchronous: each runs on a thread of its own, so a connector may block.
public protocol SQLConnector: Sendable {
    /// The connection kind that selects this connector, such as `sqlite`.
    var kind: String { get }

    /// How scripts on its connections are read.
    var dialect: SQLDialect { get }

    /// Opens a session in `target`'s database and schema.
    ///
    /// - Parameters:
    ///   - connection: with its secret.
    ///   - cancellation: stops the session's waiting and running statements, from any thread.
    /// - Throws: ``SQLError`` `sql.unknown-database` and `sql.unknown-schema`, which list what exists.
    func openSession(
        on connection: Connection, in target: SessionDefaults, cancellation: SQLCancellation
    ) throws(SQLError) -> any SQLSession
}

/// One database session, used by one thread at a time, for one task: what a `USE` switches ends with it.
public protocol SQLSession: AnyObject {
    /// Whether a transaction is open that a later statement must end.
    var transactionIsOpen: Bool { get }

    /// Sends the statement at `index` of `script` and takes all its rows, of which it keeps the first.
    ///
    /// - Parameter values: what its placeholders stand for; see ``SQLScript/sending(_:with:as:)``.
    /// - Throws: ``SQLError`` with the place in the script; `sql.cancelled` when the session's cancellation stopped it.
    func run(_ index: Int, of script: SQLScript, with values: SQLValues) throws(SQLError) -> SQLResult

    /// Switches database or schema for the statements that follow. Pools are the executor's, except where the database has
    /// pools of its own.
    ///
    /// - Throws: ``SQLError`` `sql.unknown-database`, `sql.unknown-schema`, `sql.use-in-transaction`.
    func use(_ use: SQLUse) throws(SQLError)

    /// Runs one statement with `parameters` bound by position and answers all its rows.
    func execute(_ sql: String, _ parameters: [JSONValue]) throws(SQLError) -> ResultRows

    /// Rolls back what is open and closes. Safe to call twice.
    func close()
}

extension SQLSession {
    /// As ``run(_:of:with:)``, for a script without placeholders.
    func run(_ index: Int, of script: SQLScript) throws(SQLError) -> SQLResult {
        try run(index, of: script, with: .none)
    }
}

/// What a statement answered.
public struct SQLResult: Sendable, Hashable {
    /// The names of the answer's columns; empty for a statement that answers no rows.
    public var columns: [String] = []
    /// The first rows, at most ``StepPreview/rowLimit`` of them, long values cut.
    public var preview: [[JSONValue]] = []
    /// The whole first row; nil when there is none or it is ``firstRowSize`` large.
    public var firstRow: [JSONValue]?
    /// Size of the first row in bytes, when it is larger than a task's value may be and was not kept.
    public var firstRowSize: Int?
    /// Rows answered; nil when the statement is none that answers rows.
    public var rowsReturned: Int?
    /// Rows inserted, updated or deleted; nil when the statement is none that changes rows.
    public var rowsChanged: Int?

    public init() {}

    /// Longest text that a preview keeps of one value, in bytes.
    public static let previewValueLimit = 4_096
    /// Where a preview stops taking rows, in bytes.
    public static let previewSizeLimit = 1 << 20
}
