import CPythonLink
import Foundation
import SluiceCore

/// Runs Python scripts in embedded CPython, each in a process of its own that is forked from a warm worker.
public final class PythonExecutor: TaskExecutor {
    public let kind = ScriptKind.python
    public let fileExtensions = ["py"]

    private let settings: PythonSettings
    private let workers: Workers
    private let inspector = Inspector()
    private let snapshots: SnapshotFolders
    private let workingFolders: WorkingFolders

    /// - Parameters:
    ///   - worker: the worker's executable, the product `sluice-python`.
    ///   - folder: where environments, snapshots and working folders lie; made when needed.
    ///   - settings: how scripts run.
    public init(worker: URL, folder: URL, settings: PythonSettings = PythonSettings()) {
        self.settings = settings
        workers = Workers(executable: worker, settings: settings)
        snapshots = SnapshotFolders(root: folder.appendingPathComponent("snapshots"))
        workingFolders = WorkingFolders(root: folder.appendingPathComponent("work"))
    }

    deinit {
        inspector.close()
        workers.close()
    }

    /// Starts the base worker, so that the first script does not wait for it. Safe to call at any time, in any task.
    public func warmUp() async {
        // Whatever is wrong with the worker is said by the first script that needs it.
        guard let worker = try? workers.base() else { return }
        await inspector.warmUp(from: worker)
    }

    public func plan(_ request: PlanRequest) async throws -> TaskPlan {
        let inspection = try await inspect(request.script, request.content)
        return TaskPlan(
            target: request.defaults.overridden(by: inspection.target),
            warnings: inspection.warnings.map { PlanWarning(code: $0.code, message: $0.message, line: $0.line) })
    }

    public func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        try Task.checkCancellation()
        let inspection = try await inspect(attempt.script, attempt.content)
        _ = inspection
        let root = try await snapshots.folder(of: attempt.snapshot, context)
        let worker = try workers.base()
        try await context.begin()
        return try await run(attempt, root: root, in: worker, context)
    }

    public func shutdown() async {
        inspector.close()
        workers.close()
        await workers.ended()
    }

    private func inspect(_ script: ScriptVersion, _ content: Data) async throws -> Inspection {
        let inspection = try await inspector.inspect(script, content, from: try workers.base())
        if let refusal = inspection.refusal {
            var place = script.name
            if let line = refusal.line { place += ":\(line)" }
            if let column = refusal.column { place += ":\(column)" }
            throw PythonError(
                code: refusal.code, "\(place): \(refusal.message).", category: .badInput, line: refusal.line,
                column: refusal.column)
        }
        return inspection
    }

    private func run(
        _ attempt: TaskAttempt, root: String, in worker: WorkerProcess, _ context: any TaskContext
    ) async throws -> TaskOutcome {
        let folder = try workingFolders.make(for: attempt.id)
        let request = AttemptRequest.script(
            name: attempt.script.name, file: "\(root)/\(attempt.script.name)", root: root, folder: folder,
            context: ScriptContext(attempt, context.inputs).json,
            environment: ScriptContext.environment(folder: folder, settings: settings), source: attempt.content)
        let opened: WorkerProcess.Opened
        do {
            opened = try worker.openAttempt()
        } catch {
            try workingFolders.remove(folder)
            throw error
        }
        defer { worker.finished(opened.number) }
        let (end, listener) = await Conversation(opened.socket).run(
            request, grace: settings.grace, ScriptListener(context: context))
        guard let final = end.final else {
            let reason = await worker.loss(of: opened.number)
            try workingFolders.remove(folder)
            if let fault = end.fault { throw fault }
            try Task.checkCancellation()
            if let refusal = worker.refusal { throw refusal }
            return .failed(
                TaskFailure(
                    code: "python.supervisor-lost",
                    message: "The script was ended from outside: \(reason). What it had started was ended as well."))
        }
        if let fault = end.fault { throw fault }
        try Task.checkCancellation()
        if final.leftovers > 0 {
            let processes = final.leftovers == 1 ? "1 process" : "\(final.leftovers) processes"
            try context.log(
                LogLine(
                    at: Date(), stream: .engine, text: "The script left \(processes) behind; they were ended with it."))
        }
        return ScriptEnding(script: attempt.script.name, final: final, listener: listener).outcome
    }
}
