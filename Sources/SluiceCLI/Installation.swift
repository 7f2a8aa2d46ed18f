import Foundation
import Logging
import PythonExecutor
import SQLExecutor
import Sluice
import SluiceServer

/// A data folder with the concrete parts that this command line is built from. The only place that names them.
struct Installation {
    let folder: DataFolder
    let store: SQLiteStore
    let connections: LocalConnections
    let executors: [any TaskExecutor]

    init(at url: URL) throws {
        folder = try DataFolder(at: url)
        store = try SQLiteStore(folder: folder)
        connections = LocalConnections(databases: folder.databases)
        var python = PythonSettings.fromEnvironment()
        // Scripts see the databases, and nothing else of what the engine keeps.
        python.hiddenFolders = [folder.root.path]
        python.visibleFolders = [folder.databases.path]
        executors = Self.scriptTypes(pythonFolder: folder.python, python)
    }

    /// The script types of this build. A new one is one line here.
    private static func scriptTypes(pythonFolder: URL, _ python: PythonSettings) -> [any TaskExecutor] {
        [SQLExecutor(), PythonExecutor(worker: pythonWorker, folder: pythonFolder, settings: python)]
    }

    /// The executable that hosts CPython: beside this one, unless `SLUICE_PYTHON_WORKER` names another.
    private static var pythonWorker: URL {
        if let path = ProcessInfo.processInfo.environment["SLUICE_PYTHON_WORKER"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "sluice"
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("sluice-python")
    }

    /// An engine on this folder.
    ///
    /// - Parameters:
    ///   - isRunning: whether it will be run in this process, under the folder's lock.
    ///   - followsSchedules: whether it starts what schedules say. A command that comes and goes does not.
    func host(
        isRunning: Bool, followsSchedules: Bool = false, logger: Logger = Logger(label: "sluice.engine")
    ) -> EngineHost {
        var configuration = EngineConfiguration()
        configuration.followsSchedules = followsSchedules
        let engine = JobEngine(
            store: store, executors: executors, connections: connections, configuration: configuration, logger: logger)
        return EngineHost(engine: engine, executors: executors, isRunning: isRunning)
    }

    /// An engine on no folder at all: enough to plan a file.
    static func hostWithoutFolder(temporary: URL) -> EngineHost {
        let executors = scriptTypes(pythonFolder: temporary, PythonSettings.fromEnvironment())
        let engine = JobEngine(
            store: MemoryStore(), executors: executors, connections: LocalConnections(databases: temporary))
        return EngineHost(engine: engine, executors: executors, isRunning: false)
    }

    /// Starts what Python scripts need, so that the first one does not wait for it.
    func warmUp() async {
        for case let python as PythonExecutor in executors { await python.warmUp() }
    }
}
