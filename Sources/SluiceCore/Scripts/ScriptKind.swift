/// What a script is written in, which selects the executor that runs it: `sql`, `python`, or whatever a plugin adds.
public struct ScriptKind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// SQL statements, run in one database session.
    public static let sql = ScriptKind("sql")
    /// A Python program, run in a process of its own.
    public static let python = ScriptKind("python")
}

/// Which script kinds this installation knows, by file extension.
///
/// Built from the registered executors, so that a new script type is one line of registration.
public struct ScriptTypes: Sendable, Hashable {
    private var kinds: [String: ScriptKind]

    /// - Parameter kinds: kinds by file extension, without the dot, lower case: `["py": .python]`.
    public init(_ kinds: [String: ScriptKind]) { self.kinds = kinds }

    /// The types that `executors` run. Where two claim an extension the first one has it.
    public init(_ executors: [any TaskExecutor]) {
        kinds = [:]
        for executor in executors {
            for ending in executor.fileExtensions where kinds[ending] == nil {
                kinds[ending] = executor.kind
            }
        }
    }

    /// Every known file extension, sorted.
    public var fileExtensions: [String] { kinds.keys.sorted() }

    /// The kind of the script that is called `name`, or nil when no executor claims its extension.
    public func kind(of name: String) -> ScriptKind? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return kinds[name[name.index(after: dot)...].lowercased()]
    }
}
