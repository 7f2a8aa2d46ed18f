/// Where a script's unqualified names resolve and where its task queues.
///
/// The specification: scripts run "using your master database and public schema by default"; a `USE` in the script, the
/// task's settings and the connection override that, in this order.
public struct SessionDefaults: Sendable, Hashable, Codable {
    public var database: String
    public var schema: String
    public var pool: String

    public init(database: String = "master", schema: String = "public", pool: String = "default") {
        self.database = database
        self.schema = schema
        self.pool = pool
    }

    /// These defaults with whatever `overrides` names put over them.
    public func overridden(by overrides: SessionOverrides) -> SessionDefaults {
        SessionDefaults(
            database: overrides.database ?? database,
            schema: overrides.schema ?? schema,
            pool: overrides.pool ?? pool)
    }
}

/// A partial choice of database, schema and pool: what a task or a connection says of its own.
public struct SessionOverrides: Sendable, Hashable, Codable {
    public var database: String?
    public var schema: String?
    public var pool: String?

    public init(database: String? = nil, schema: String? = nil, pool: String? = nil) {
        self.database = database
        self.schema = schema
        self.pool = pool
    }
}
