import Foundation
import SluiceCatalogue
import SluiceCore
import SluiceEngine
import SluiceStore

/// Runs an engine on a data folder for as long as `body` does: what a host app needs, in one call.
///
/// ```swift
/// try await withJobEngine(
///     at: folder,
///     executors: { [SQLExecutor(), PythonExecutor(worker: worker, folder: $0.python)] }
/// ) { engine in
///     let run = try await engine.submit(RunRequest(.definition(job), trigger: .host, initiator: "my app"))
///     for try await event in engine.events(of: run.id) { print(event) }
/// }
/// ```
///
/// - Parameters:
///   - url: the data folder; created when missing, and locked: one engine per folder.
///   - purpose: what the lock says to others that want the folder.
///   - executors: the script types, made for the folder they will work in.
/// - Throws: ``StoreError`` `folder.in-use` and others about the folder; whatever `body` throws.
public func withJobEngine<Result: Sendable>(
    at url: URL, purpose: String = "a host app", configuration: EngineConfiguration = EngineConfiguration(),
    executors: @Sendable (DataFolder) throws -> [any TaskExecutor],
    _ body: @escaping @Sendable (JobEngine) async throws -> Result
) async throws -> Result {
    let folder = try DataFolder(at: url)
    let lock = try folder.lockForEngine(purpose: purpose)
    defer { lock.release() }
    let store = try SQLiteStore(folder: folder)
    let engine = JobEngine(
        store: store, executors: try executors(folder), connections: LocalConnections(databases: folder.databases),
        configuration: configuration)
    do {
        let result = try await withJobEngine(engine, body)
        try store.close()
        return result
    } catch {
        // The first error explains; what closing adds after it does not.
        do { try store.close() } catch _ {}
        throw error
    }
}

extension JobEngine {
    /// Brings the catalogue up to date with a source.
    public func sync(_ source: any ScriptSource) async throws -> SyncReport {
        try await CatalogueSyncer(index: store).sync(source)
    }

    /// The built-in Workbench, where SQL scripts are saved.
    public var workbench: LocalWorkbench { LocalWorkbench(index: store) }
}
