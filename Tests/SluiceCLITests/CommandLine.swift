import Foundation
import Sluice

/// The real `sluice` on a data folder of its own, with scripts and jobs around it.
struct CommandLine: Sendable {
    /// What a command left behind.
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The test's own folder: workbench, bucket and data folder lie in it.
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-cli-\(UUID().uuidString)")
        for name in ["workbench", "bucket"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    var data: URL { folder.appendingPathComponent("data") }

    /// The folder of built products: where the test bundle lies too.
    static var products: URL {
        guard let own = Bundle.main.executableURL else { preconditionFailure("a test runs from a file") }
        return own.deletingLastPathComponent()
    }

    func write(_ path: String, _ text: String) throws {
        let url = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Writes a job file over one script a task and answers its path.
    @discardableResult
    func job(_ scripts: [String], name: String = "Job", file: String = "job.job.json") throws -> String {
        let tasks = scripts.enumerated().map { TaskDefinition(name: "t\($0 + 1)", script: $1) }
        try write(file, String(decoding: JobFile.write(JobDefinition(name: name, tasks: tasks)), as: UTF8.self))
        return folder.appendingPathComponent(file).path
    }

    /// Writes scripts into workbench and bucket by their ending, syncs, and answers a job over them in their order.
    func job(over scripts: [(name: String, text: String)]) throws -> String {
        for script in scripts {
            try write((script.name.hasSuffix(".sql") ? "workbench/" : "bucket/") + script.name, script.text)
        }
        try sync()
        return try job(scripts.map(\.name))
    }

    func sync() throws {
        let result = try run("sync", "--workbench", path("workbench"), "--bucket", path("bucket"))
        guard result.status == 0 else { throw CocoaError(.featureUnsupported, userInfo: ["errors": result.errors]) }
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Runs `sluice` with `arguments` on the data folder and waits for its end.
    @discardableResult
    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
        try start(arguments, environment: environment).wait()
    }

    /// Starts `sluice` and comes back at once.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let process = Process()
        process.executableURL = Self.products.appendingPathComponent("sluice")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        var variables = ProcessInfo.processInfo.environment
        variables["SLUICE_DATA"] = data.path
        process.environment = variables.merging(environment) { _, own in own }
        process.standardInput = FileHandle.nullDevice
        return try Running(process, in: folder)
    }

    /// A `sluice` that is under way. Its output goes to files, so that it never waits for a reader.
    final class Running {
        let process: Process
        private let output: URL
        private let errors: URL

        fileprivate init(_ process: Process, in folder: URL) throws {
            self.process = process
            let name = UUID().uuidString
            output = folder.appendingPathComponent("\(name).out")
            errors = folder.appendingPathComponent("\(name).err")
            for file in [output, errors] { try Data().write(to: file) }
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
        }

        /// What it has said so far on standard error.
        var errorsSoFar: String { get throws { try String(contentsOf: errors, encoding: .utf8) } }

        func wait() throws -> Result {
            process.waitUntilExit()
            return Result(
                status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8))
        }
    }
}

extension CommandLine.Result {
    /// The JSON document that was printed.
    var document: JSONValue {
        get throws { try JSONValue(parsing: Data(output.utf8)) }
    }
}

extension JSONValue {
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields[name]
    }

    subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
