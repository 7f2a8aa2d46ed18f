/// A connection as everybody may see it: a name, what it speaks, where it starts.
public struct ConnectionInfo: Sendable, Hashable, Codable {
    /// Its name; a new data folder has `local`.
    public var name: String
    /// Which connector opens it: `sqlite`, later `postgres`, `blue`, `duckdb`.
    public var kind: String
    /// The SQL dialect its scripts are read in.
    public var dialect: SQLDialect
    /// What it says of database, schema and pool.
    public var overrides: SessionOverrides
    /// Everything else that is no secret, such as `root` for `sqlite`: the folder that holds the databases.
    public var settings: [String: String]

    public init(
        name: String, kind: String, dialect: SQLDialect, overrides: SessionOverrides = SessionOverrides(),
        settings: [String: String] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.dialect = dialect
        self.overrides = overrides
        self.settings = settings
    }
}

/// A connection with its secret. Never stored with an attempt, never encoded, never printed.
public struct Connection: Sendable, CustomStringConvertible {
    public var info: ConnectionInfo
    public var secret: String?

    public init(info: ConnectionInfo, secret: String? = nil) {
        self.info = info
        self.secret = secret
    }

    public var description: String { "Connection(\(info.name))" }
}

/// Which rules of SQL's surface a script is read by (`blue.md`, *SQL that a script may contain*).
public enum SQLDialect: String, Sendable, Hashable, Codable, CaseIterable {
    case blue, postgres, sqlite
}

/// A database session that any executor may ask its context for.
public protocol DatabaseSession: Sendable {
    /// Runs one statement and answers all its rows.
    func execute(_ sql: String, _ parameters: [JSONValue]) async throws -> ResultRows
    /// Rolls back what is open and closes. Safe to call twice.
    func close() async
}

/// Opens sessions; the SQL plugin is one.
public protocol SessionProvider: Sendable {
    func openSession(on connection: Connection, in target: SessionDefaults) async throws -> any DatabaseSession
}

/// Rows with their column names.
public struct ResultRows: Sendable, Hashable, Codable {
    public var columns: [String]
    /// Each as long as ``columns``.
    public var rows: [[JSONValue]]
    /// Rows inserted, updated or deleted.
    public var changed: Int

    public init(columns: [String] = [], rows: [[JSONValue]] = [], changed: Int = 0) {
        self.columns = columns
        self.rows = rows
        self.changed = changed
    }
}
