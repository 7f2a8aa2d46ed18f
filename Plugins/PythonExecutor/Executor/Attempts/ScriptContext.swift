import Foundation
import SluiceCore

/// What a script is told about the attempt that it is.
struct ScriptContext {
    /// The JSON that the module `sluice` reads.
    let json: Data

    init(_ attempt: TaskAttempt, _ inputs: TaskInputs) {
        let connection: [String: JSONValue] = [
            "name": .string(attempt.connection.name),
            "kind": .string(attempt.connection.kind),
            "settings": .object(attempt.connection.settings.mapValues(JSONValue.string)),
        ]
        let fields: [String: JSONValue] = [
            "job": .string(attempt.job),
            "run": .integer(attempt.id.run.rawValue),
            "task": .string(attempt.task),
            "attempt": .integer(Int64(attempt.id.number)),
            "element": attempt.id.task.element.map { .integer(Int64($0)) } ?? .null,
            "nominal_time": .number(attempt.nominalTime.timeIntervalSince1970),
            "database": .string(attempt.target.database),
            "schema": .string(attempt.target.schema),
            "pool": .string(attempt.target.pool),
            "connection": .object(connection),
            "params": .object(inputs.parameters),
            "inputs": .object(inputs.upstream),
        ]
        json = JSONValue.object(fields).canonicalData
    }

    /// The variables of a script that runs in `folder`.
    ///
    /// - Parameter prefix: the virtual environment whose programs come first, when there is one.
    static func environment(
        folder: String, settings: PythonSettings, prefix: String? = nil
    ) -> [String: String] {
        var variables = baseEnvironment
        variables["HOME"] = folder
        variables["TMPDIR"] = "\(folder)/tmp"
        // Python programs that the script starts shall show their lines at once, too.
        variables["PYTHONUNBUFFERED"] = "1"
        if let prefix {
            variables["VIRTUAL_ENV"] = prefix
            variables["PATH"] = "\(prefix)/bin:\(path)"
        }
        return variables.merging(settings.environment) { _, own in own }
    }

    /// What every process of ours starts with: nothing of the host's but its time zone.
    static var baseEnvironment: [String: String] {
        var variables = ["PATH": path, "LANG": "C.UTF-8"]
        if let zone = ProcessInfo.processInfo.environment["TZ"] { variables["TZ"] = zone }
        return variables
    }

    private static let path = "/usr/local/bin:/usr/bin:/bin"
}
