import CPythonLink
import Foundation
import SluiceCore

/// Turns what is known of a script's end into the attempt's outcome.
struct ScriptEnding {
    let script: String
    let limits: AttemptLimits
    let final: sluice_final
    let listener: ScriptListener

    var outcome: TaskOutcome {
        if let failure = beyondLimit { return .failed(failure) }
        if final.signal != 0 { return .failed(signalled) }
        if final.status == 0 { return .succeeded(value: listener.value) }
        let status = Int(final.status)
        guard let report = listener.report else {
            return .failed(
                TaskFailure(
                    code: "python.exit", message: "The script ended with exit status \(status).", exitStatus: status))
        }
        return .failed(
            TaskFailure(
                code: "python.\(report.kind)", message: report.message, line: report.line, column: report.column,
                detail: report.traceback.isEmpty ? nil : report.traceback, exitStatus: status))
    }

    /// The failure of a script that took more than it may.
    private var beyondLimit: TaskFailure? {
        var exitStatus: Int? {
            final.signal != 0 ? 128 + Int(final.signal) : final.status != 0 ? Int(final.status) : nil
        }
        func failure(_ code: String, _ message: String) -> TaskFailure {
            TaskFailure(
                code: code, message: message, line: listener.report?.line,
                detail: listener.report.flatMap { $0.traceback.isEmpty ? nil : $0.traceback }, exitStatus: exitStatus)
        }
        if Int(final.limit) == SLUICE_LIMIT_MEMORY || ranOutOfMemory, let bytes = limits.memoryBytes {
            return failure(
                "python.memory-limit", "The script needed more than the \(bytes) bytes of memory that it may take.")
        }
        if Int(final.limit) == SLUICE_LIMIT_CPU || final.signal == SIGXCPU, let seconds = limits.cpuSeconds {
            return failure(
                "python.cpu-limit", "The script computed for more than the \(seconds) seconds that it may take.")
        }
        if Int(final.limit) == SLUICE_LIMIT_PROCESSES, let processes = limits.processes {
            return failure(
                "python.process-limit",
                "The script ran more than the \(processes) processes at a time that it may have.")
        }
        if Int(final.limit) == SLUICE_LIMIT_WALL, let seconds = limits.wallSeconds {
            return failure("python.time-limit", "The script ran for more than the \(seconds) seconds that it may take.")
        }
        return nil
    }

    /// Whether the script failed because it was refused memory.
    private var ranOutOfMemory: Bool {
        guard let report = listener.report, final.status != 0 || final.signal != 0 else { return false }
        return report.message == "MemoryError" || report.message.hasPrefix("MemoryError: ")
            || report.message.hasPrefix("numpy.core._exceptions._ArrayMemoryError")
    }

    private var signalled: TaskFailure {
        let name = String(cString: sluice_link_signal_name(final.signal))
        let words = String(cString: sluice_link_signal_text(final.signal))
        var message = "The script was ended by signal \(final.signal) (\(name): \(words))."
        if final.signal == SIGKILL {
            message += " The machine may have run out of memory."
        }
        let trace = crashReport
        return TaskFailure(
            code: "python.signal", message: message, line: trace.flatMap(line), detail: trace,
            exitStatus: 128 + Int(final.signal))
    }

    /// What CPython's fault handler wrote before the process died.
    private var crashReport: String? {
        guard let start = listener.errorTail.lastIndex(where: { $0.hasPrefix("Fatal Python error:") }) else {
            return nil
        }
        return listener.errorTail[start...].joined(separator: "\n")
    }

    /// The script's innermost line in a crash report: `File "etl/load.py", line 3 in <module>`.
    private func line(in trace: String) -> Int? {
        let mark = "File \"\(script)\", line "
        guard let place = trace.range(of: mark) else { return nil }
        return Int(trace[place.upperBound...].prefix { $0.isNumber })
    }
}
