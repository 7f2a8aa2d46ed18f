import Foundation
import Sluice

/// Runs shell scripts: a whole script type in one file.
///
/// Parameters are environment variables, each line of output is a line of the task's log, and the exit status decides.
struct ShellExecutor: TaskExecutor {
    static let kind = ScriptKind("shell")
    let kind: ScriptKind = Self.kind
    let fileExtensions = ["sh"]

    /// A shell script says nothing of where it wants to run, and has no steps.
    func plan(_ request: PlanRequest) async throws -> TaskPlan { TaskPlan(target: request.defaults) }

    func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appending(path: "script.sh")
        try attempt.content.write(to: script)

        let environment = ProcessInfo.processInfo.environment
            .merging(context.inputs.parameters.mapValues(\.shellText)) { _, parameter in parameter }

        // From here on the script may have had effects, whatever becomes of this process.
        try await context.begin()
        let status = try await run(ShellProcess(script: script, in: folder, environment: environment), in: context)
        try Task.checkCancellation()
        guard status == 0 else {
            return .failed(
                TaskFailure(
                    code: "shell.exit", message: "The script ended with exit status \(status).", exitStatus: status))
        }
        return .succeeded(value: nil)
    }

    /// Passes the shell's output on, and returns once it and everything it started have ended.
    private func run(_ shell: ShellProcess, in context: any TaskContext) async throws -> Int {
        try await withTaskCancellationHandler {
            async let output: Void = shell.readLines(of: shell.output) { try log($0, .output, context) }
            async let errors: Void = shell.readLines(of: shell.errors) { try log($0, .error, context) }
            let status = await shell.reap()
            try await output
            try await errors
            return status
        } onCancel: {
            shell.kill()
        }
    }

    private func log(_ line: String, _ stream: LogLine.Stream, _ context: any TaskContext) throws {
        try context.log(LogLine(at: Date(), stream: stream, text: line))
    }
}

extension JSONValue {
    /// The value as an environment variable holds it: text as it is, anything else as JSON.
    fileprivate var shellText: String {
        if case .string(let text) = self { text } else { canonicalText }
    }
}
