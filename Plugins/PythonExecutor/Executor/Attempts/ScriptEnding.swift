import CPythonLink
import Foundation
import SluiceCore

/// Turns what is known of a script's end into the attempt's outcome.
struct ScriptEnding {
    let script: String
    let final: sluice_final
    let listener: ScriptListener

    var outcome: TaskOutcome {
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
