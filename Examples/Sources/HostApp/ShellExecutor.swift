import Foundation
import Sluice

/// Runs shell scripts: a whole script type in one file.
///
/// Parameters are environment variables, each line of output is a line of the task's log, and the exit status decides.
struct ShellExecutor: TaskExecutor {
    static let kind = ScriptKind("shell")
    let kind = Self.kind
    let fileExtensions = ["sh"]

    /// A shell script says nothing of where it wants to run, and has no steps.
    func plan(_ request: PlanRequest) async throws -> TaskPlan { TaskPlan(target: request.defaults) }

    func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appending(path: "script.sh")
        try attempt.content.write(to: script)

        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = [script.path]
        shell.currentDirectoryURL = folder
        shell.environment = ProcessInfo.processInfo.environment
            .merging(context.inputs.parameters.mapValues(\.shellText)) { _, parameter in parameter }
        shell.standardInput = FileHandle.nullDevice

        // From here on the script may have had effects, whatever becomes of this process.
        try await context.begin()
        let status = try await run(shell, in: context)
        try Task.checkCancellation()
        guard status == 0 else {
            return .failed(
                TaskFailure(
                    code: "shell.exit", message: "The script ended with exit status \(status).",
                    exitStatus: Int(status)))
        }
        return .succeeded(value: nil)
    }

    /// Starts the shell, passes its output on, and returns once it and everything it started have ended.
    private func run(_ shell: Process, in context: any TaskContext) async throws -> Int32 {
        let output = Pipe()
        let errors = Pipe()
        shell.standardOutput = output
        shell.standardError = errors
        let ended = AsyncStream<Int32>.makeStream()
        shell.terminationHandler = { ended.continuation.yield($0.terminationStatus) }
        try shell.run()
        // Foundation gives each process a group of its own.
        let group = -shell.processIdentifier

        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { readers in
                readers.addTask { try await pass(output, as: .output, to: context) }
                readers.addTask { try await pass(errors, as: .error, to: context) }
                let status = await ended.stream.first { _ in true }
                // What the script left in the background goes too, which closes the pipes.
                kill(group, SIGKILL)
                try await readers.waitForAll()
                return status ?? -1
            }
        } onCancel: {
            kill(group, SIGKILL)
        }
    }

    /// Logs what comes through a pipe, line by line, until it is closed.
    private func pass(_ pipe: Pipe, as stream: LogLine.Stream, to context: any TaskContext) async throws {
        let chunks = AsyncStream<Data> { continuation in
            pipe.fileHandleForReading.readabilityHandler = { handle in
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
