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
        executors = Self.scriptTypes(with: try Self.python(at: folder.root))
    }

    /// The script types of this build. A new one is one line here.
    private static func scriptTypes(with python: PythonExecutor) -> [any TaskExecutor] { [SQLExecutor(), python] }

    /// Python scripts as they run on the data folder at `root`.
    static func python(at root: URL) throws -> PythonExecutor {
        let databases = root.appending(path: "databases", directoryHint: .isDirectory)
        var settings = try PythonSettings.fromEnvironment()
        // Scripts see the databases, and nothing else of what the engine keeps.
        settings.hiddenFolders = [root.path]
        settings.visibleFolders = [databases.path]
        return PythonExecutor(
            worker: pythonWorker, folder: root.appending(path: "python", directoryHint: .isDirectory),
            settings: settings)
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
    ///   - isPassing: whether its runs end with this process.
    ///   - followsSchedules: whether it starts what schedules say. A command that comes and goes does not.
    func host(
        isRunning: Bool, isPassing: Bool = false, followsSchedules: Bool = false,
        logger: Logger = Logger(label: "sluice.engine")
    ) -> EngineHost {
        var configuration = EngineConfiguration()
        configuration.isPassing = isPassing
        configuration.followsSchedules = followsSchedules
        let engine = JobEngine(
            store: store, executors: executors, connections: connections, configuration: configuration, logger: logger)
        return EngineHost(engine: engine, executors: executors, isRunning: isRunning)
    }

    /// An engine on no folder at all: enough to plan a file.
    static func hostWithoutFolder(temporary: URL) throws -> EngineHost {
        let executors = scriptTypes(
            with: PythonExecutor(worker: pythonWorker, folder: temporary, settings: try .fromEnvironment()))
        let engine = JobEngine(
            store: MemoryStore(), executors: executors, connections: LocalConnections(databases: temporary))
        return EngineHost(engine: engine, executors: executors, isRunning: false)
    }

    /// Starts what Python scripts need, so that the first one does not wait for it.
    func warmUp() async {
        for case let python as PythonExecutor in executors { await python.warmUp() }
    }
}
