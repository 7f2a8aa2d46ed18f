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
            async let output: Void = pass(shell.output, as: .output, to: context)
            async let errors: Void = pass(shell.errors, as: .error, to: context)
            let status = await shell.reap()
            try await output
            try await errors
            return status
        } onCancel: {
            shell.kill()
        }
    }

    /// Logs what comes through a pipe, line by line, until it is closed.
    private func pass(_ pipe: FileHandle, as stream: LogLine.Stream, to context: any TaskContext) async throws {
        let chunks = AsyncStream<Data> { continuation in
            pipe.readabilityHandler = { handle in
                let chunk = handle.availableData
                guard !chunk.isEmpty else {
                    handle.readabilityHandler = nil
                    return continuation.finish()
                }
                continuation.yield(chunk)
            }
        }
        var rest = Data()
        for await chunk in chunks {
            rest += chunk
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                try log(rest[..<end], stream, to: context)
                rest = Data(rest[(end + 1)...])
            }
        }
        if !rest.isEmpty { try log(rest, stream, to: context) }
    }

    private func log(_ line: Data, _ stream: LogLine.Stream, to context: any TaskContext) throws {
        try context.log(LogLine(at: Date(), stream: stream, text: String(decoding: line, as: UTF8.self)))
    }
}

extension JSONValue {
    /// The value as an environment variable holds it: text as it is, anything else as JSON.
    fileprivate var shellText: String {
        if case .string(let text) = self { text } else { canonicalText }
    }
}
