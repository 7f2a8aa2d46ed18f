import SluiceCore

/// The executors of an engine, by the script kind that selects them.
struct ExecutorTable: Sendable {
    private let byKind: [ScriptKind: any TaskExecutor]
    /// Which files are scripts, by what the executors say of themselves.
    let types: ScriptTypes
    /// The executor that opens database sessions for the others; nil when none does.
    let sessions: (any SessionProvider)?

    init(_ executors: [any TaskExecutor]) {
        byKind = Dictionary(executors.map { ($0.kind, $0) }) { first, _ in first }
        types = ScriptTypes(executors)
        sessions = executors.lazy.compactMap { $0 as? any SessionProvider }.first
    }

    subscript(kind: ScriptKind) -> (any TaskExecutor)? { byKind[kind] }

    var kinds: Set<ScriptKind> { Set(byKind.keys) }

    var kindList: String { byKind.keys.map(\.rawValue).sorted().joined(separator: ", ") }

    func shutdown() async {
        for executor in byKind.values { await executor.shutdown() }
    }
}
