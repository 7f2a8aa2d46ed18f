import Foundation

/// What a program says when it is asked one thing: a few lines, and its exit status.
struct ShortAnswer {
    var text: String
    var status: Int32

    /// Runs `program` to its end, with nothing to read and nobody to hear its complaints.
    ///
    /// - Parameter environment: its variables; nil for this process's own.
    /// - Throws: what the system says when it cannot be started.
    init(of program: URL, _ arguments: [String], environment: [String: String]? = nil) async throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        if let environment { process.environment = environment }
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let answer = Pipe()
        process.standardOutput = answer
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        // A few lines fit into the pipe: nothing waits for this reader.
        text = String(decoding: answer.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        status = process.terminationStatus
    }
}
