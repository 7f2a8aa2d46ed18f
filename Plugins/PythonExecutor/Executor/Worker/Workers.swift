import Foundation
import Synchronization

/// The workers that run now: one for each environment.
final class Workers: Sendable {
    private struct State {
        /// By interpreter; the order of their last use.
        var running: [String: WorkerProcess] = [:]
        var order: [String] = []
        /// Closed, but perhaps not reaped yet.
        var closed: [WorkerProcess] = []
    }

    private let executable: URL
    private let settings: PythonSettings
    private let view: ScriptView
    private let state = Mutex(State())

    init(executable: URL, settings: PythonSettings, view: ScriptView) {
        self.view = view
        self.executable = executable
        self.settings = settings
    }

    /// The worker of the base environment.
    func base() throws -> WorkerProcess { try worker(for: settings.interpreter) }

    /// The worker that is `interpreter`; started when there is none, or when that one has died.
    ///
    /// - Throws: ``PythonError`` `python.worker`, `python.interpreter`.
    func worker(for interpreter: String) throws -> WorkerProcess {
        try state.withLock { state in
            state.closed.removeAll { $0.isReaped }
            state.order.removeAll { $0 == interpreter }
            state.order.append(interpreter)
            if let worker = state.running[interpreter], !worker.isEnded { return worker }
            guard access(interpreter, X_OK) == 0 else {
                throw PythonError(
                    code: "python.interpreter",
                    "There is no Python interpreter at \(interpreter). Install python3, or set another one.",
                    category: .fault)
            }
            var variables = ScriptContext.baseEnvironment
            // The package manager links the Swift runtime into every executable; crashes are CPython's to explain.
            variables["SWIFT_BACKTRACE"] = "enable=no"
            try view.prepare()
            let worker = try WorkerProcess(
                worker: executable, arguments: [interpreter] + view.arguments, environment: variables)
            if let dead = state.running.updateValue(worker, forKey: interpreter) { state.closed.append(dead) }
            closeColdest(&state)
            return worker
        }
    }

    /// Ends all of them. Later calls of ``worker(for:)`` start new ones.
    func close() {
        state.withLock { state in
            for worker in state.running.values { worker.close() }
            state.closed += state.running.values
            state.running = [:]
            state.order = []
        }
    }

    /// Answers once every closed worker is reaped.
    func ended() async {
        let closed = state.withLock { $0.closed }
        for worker in closed { await worker.ended() }
    }

    /// Keeps the number of environments that stay warm, at the cost of those that nobody uses.
    private func closeColdest(_ state: inout State) {
        var surplus = state.running.count - 1 - max(settings.warmEnvironments, 1)
        for interpreter in state.order.dropLast() where surplus > 0 && interpreter != settings.interpreter {
            guard let worker = state.running[interpreter], worker.isIdle else { continue }
            worker.close()
            state.closed.append(worker)
            state.running[interpreter] = nil
            surplus -= 1
        }
        state.order.removeAll { state.running[$0] == nil }
    }
}
