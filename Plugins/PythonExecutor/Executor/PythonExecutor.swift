import CPythonLink
import Foundation
import SluiceCore
import Synchronization

/// Runs Python scripts in embedded CPython, each in a process of its own that is forked from a warm worker.
///
/// A script is `__main__` in a private working folder and imports the bucket's modules as they were when its run was
/// submitted. Its requirements (PEP 723) lead to an environment that is built once. An attempt is over only when its last
/// process, whatever that did to get away, is reaped.
public final class PythonExecutor: TaskExecutor {
    public let kind = ScriptKind.python
    public let fileExtensions = ["py"]

    let worker: URL
    let settings: PythonSettings
    private let view: ScriptView
    private let workers: Workers
    private let inspector = Inspector()
    private let interpreterCheck: InterpreterCheck
    private let snapshots: SnapshotFolders
    private let workingFolders: WorkingFolders
    private let environments: Environments
    private let folder: URL
    /// Whether the folders are.
    private let isPrepared = Mutex(false)

    /// - Parameters:
    ///   - worker: the worker's executable, the product `sluice-python`.
    ///   - folder: where environments, snapshots and working folders lie; made when needed.
    ///   - settings: how scripts run.
    ///   - host: environment variables of which the installer of requirements gets those that it needs: `PATH`, `HOME`,
    ///     proxies, certificates, `PIP_…`, `UV_…`. Scripts get none of them.
    public init(
        worker: URL, folder: URL, settings: PythonSettings = PythonSettings(),
        host: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.worker = worker
        self.settings = settings
        view = ScriptView(settings, folder: folder)
        self.folder = folder
        workers = Workers(executable: worker, settings: settings, view: view)
        interpreterCheck = InterpreterCheck(settings.interpreter)
        snapshots = SnapshotFolders(root: folder.appendingPathComponent("snapshots"))
        workingFolders = WorkingFolders(root: folder.appendingPathComponent("work"))
        environments = Environments(
            root: folder.appendingPathComponent("environments"), settings: settings, workers: workers,
            workingFolders: workingFolders, host: host)
    }

    deinit {
        inspector.close()
        workers.close()
    }

    /// Starts the base worker, so that the first script does not wait for it. Safe to call at any time, in any task.
    public func warmUp() async {
        // Whatever is wrong with the worker is said by the first script that needs it.
        try? prepareFolders()
        guard let worker = try? workers.base() else { return }
        await inspector.warmUp(from: worker)
    }

    public func plan(_ request: PlanRequest) async throws -> TaskPlan {
        let (inspection, _) = try await inspect(request.script, request.content)
        return TaskPlan(
            target: request.defaults.overridden(by: inspection.target),
            warnings: inspection.warnings.map { PlanWarning(code: $0.code, message: $0.message, line: $0.line) })
    }

    public func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        try Task.checkCancellation()
        try prepareFolders()
        let (inspection, requirements) = try await inspect(attempt.script, attempt.content)
        let root = try await snapshots.folder(of: attempt.snapshot, context)
        var prefix: String?
        if !requirements.isEmpty {
            let recipe = EnvironmentRecipe(requirements, version: inspection.version, settings: settings)
            switch try await environments.environment(for: recipe, attempt: attempt.id, context) {
            case .ready(let built): prefix = built
            case .failed(let failure): return .failed(failure)
            }
        }
        let interpreter = prefix.map { "\($0)/bin/python3" } ?? settings.interpreter
        let worker = try workers.worker(for: interpreter)
        let offer = try await worker.take()
        defer { worker.finished(offer) }
        let folder: WorkingFolder
        do {
            folder = try workingFolders.make(for: attempt.id)
            do {
                try await context.begin()
            } catch {
                try folder.remove()
                throw error
            }
        } catch {
            offer.close()
            throw error
        }
        let request = AttemptRequest.script(
            name: attempt.script.name, file: "\(root)/\(attempt.script.name)", root: root, folder: folder.path,
            context: ScriptContext(attempt, context.inputs).json,
            environment: ScriptContext.environment(folder: folder.path, settings: settings, prefix: prefix),
            source: attempt.content, limits: attempt.limits.wire(grace: settings.grace))
        let (end, listener) = await Conversation(offer, of: worker).run(
            request, in: folder, grace: settings.grace,
            ScriptListener(context: context, view: view, mostBytes: attempt.limits.logBytes))
        if end.fault == nil, let note = listener.leftOutNote {
            try context.log(LogLine(at: Date(), stream: .engine, text: note))
        }
        guard let final = end.final else {
            let loss = await worker.loss(of: offer)
            try folder.remove()
            if let fault = end.fault { throw fault }
            try Task.checkCancellation()
            return try outcome(of: loss)
        }
        if let fault = end.fault { throw fault }
        try Task.checkCancellation()
        do {
            // The supervisor has done so already, unless something stood in its way.
            try folder.remove()
        } catch {
            try context.log(
                LogLine(
                    at: Date(), stream: .engine,
                    text: "The working folder \(folder.path) could not be removed: \(error)"))
        }
        if final.leftovers > 0 {
            let processes = final.leftovers == 1 ? "1 process" : "\(final.leftovers) processes"
            try context.log(
                LogLine(
                    at: Date(), stream: .engine, text: "The script left \(processes) behind; they were ended with it."))
        }
        return ScriptEnding(
            script: attempt.script.name, limits: attempt.limits, final: final, listener: listener
        ).outcome
    }

    public func shutdown() async {
        inspector.close()
        workers.close()
        await workers.ended()
    }

    /// Closes the folders to others, and removes, once, what executors left behind that were killed.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    private func prepareFolders() throws {
        try isPrepared.withLock { isPrepared in
            guard !isPrepared else { return }
            for folder in [folder, workingFolders.root, environments.root, snapshots.root] {
                try PrivateFolder.takeAway(folder.path)
            }
            workingFolders.sweep()
            environments.sweep()
            Environments.removeUnused(in: environments.root.path, now: Date())
            isPrepared = true
        }
    }

    /// What a script needs, read without running it.
    ///
    /// - Throws: ``PythonError`` of category `badInput` when it can never run as it is.
    private func inspect(
        _ script: ScriptVersion, _ content: Data
    ) async throws -> (Inspection, [Requirement]) {
        let inspection = try await inspector.inspect(script, content, from: try workers.base())
        try await interpreterCheck.require(inspection.version)
        if let refusal = inspection.refusal {
            throw refused(script, refusal.code, refusal.message, refusal.line, refusal.column)
        }
        let allowed = settings.allowedPackages.map { Set($0.map(Requirement.normalised)) }
        let requirements = try inspection.requirements.map { entry in
            guard let requirement = Requirement(entry.text) else {
                throw refused(
                    script, "python.requirement",
                    "'\(entry.text)' is no requirement; write a package's name and versions, such as \"pandas>=2\"",
                    entry.line)
            }
            if let allowed, requirement.isDirect || !allowed.contains(requirement.name) {
                let reason =
                    requirement.isDirect
                    ? "packages come from the index here, not from a place of their own"
                    : "the package '\(requirement.name)' is not among those allowed here: "
                        + allowed.sorted().joined(separator: ", ")
                throw refused(script, "python.not-allowed", reason, entry.line)
            }
            return requirement
        }
        return (inspection, requirements)
    }

    private func refused(
        _ script: ScriptVersion, _ code: String, _ message: String, _ line: Int?, _ column: Int? = nil
    ) -> PythonError {
        var place = script.name
        if let line { place += ":\(line)" }
        if let column { place += ":\(column)" }
        return PythonError(
            code: code, "\(place): \(message).", category: .badInput, line: line, column: column)
    }

    /// The outcome of an attempt whose supervisor vanished.
    private func outcome(of loss: WorkerProcess.Loss) throws -> TaskOutcome {
        guard loss.wasStarted else {
            throw PythonError(
                code: "python.worker", "The script cannot be started: \(loss.reason). Run the task again.",
                category: .fault)
        }
        return .failed(
            TaskFailure(
                code: "python.supervisor-lost",
                message: "The script was ended from outside: \(loss.reason). What it had started was ended as well."))
    }
}
