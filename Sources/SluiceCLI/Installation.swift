import Foundation
import PythonExecutor
import SQLExecutor
import Sluice

/// A data folder with the concrete parts that this command line is built from. The only place that names them.
struct Installation {
    let folder: DataFolder
    let store: SQLiteStore
    let connections: LocalConnections

    init(at url: URL) throws {
        folder = try DataFolder(at: url)
        store = try SQLiteStore(folder: folder)
        connections = LocalConnections(databases: folder.databases)
    }

    /// The script types of this build. A new one is one line here.
    static func executors(pythonFolder: URL) -> [any TaskExecutor] {
        [
            SQLExecutor(),
            PythonExecutor(worker: pythonWorker, folder: pythonFolder, settings: PythonSettings.fromEnvironment()),
        ]
    }

    var executors: [any TaskExecutor] { Self.executors(pythonFolder: folder.python) }

    /// The executable that hosts CPython: beside this one, unless `SLUICE_PYTHON_WORKER` names another.
    static var pythonWorker: URL {
        if let path = ProcessInfo.processInfo.environment["SLUICE_PYTHON_WORKER"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "sluice"
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("sluice-python")
    }

    /// Runs an engine on this folder for as long as `body` does. Nobody else's engine may.
    func withEngine<Result: Sendable>(
        purpose: String, _ body: @escaping @Sendable (JobEngine) async throws -> Result
    ) async throws -> Result {
        let lock = try folder.lockForEngine(purpose: purpose)
        defer { lock.release() }
        return try await withJobEngine(
            JobEngine(store: store, executors: executors, connections: connections), body)
    }

    /// Who is asking, for the record.
    static var person: String {
        if let entry = getpwuid(getuid()) { return String(cString: entry.pointee.pw_name) }
        return "uid \(getuid())"
    }
}
