import Foundation

extension JobFile {
    /// Writes a job file: indented, keys sorted, only what differs from the defaults.
    public static func write(_ job: JobDefinition) -> Data {
        var document: [String: JSONValue] = ["format": .string(format), "name": .string(job.name)]
        if !job.description.isEmpty { document["description"] = .string(job.description) }
        if !job.parameters.isEmpty { document["parameters"] = .object(job.parameters.mapValues(\.json)) }
        document["tasks"] = .array(job.tasks.map(fields(of:)))
        document["finally"] = job.finally.map(fields(of:))
        document["timeLimit"] = job.timeLimit.map(JSONValue.init(seconds:))
        document["maxConcurrentRuns"] = job.maxConcurrentRuns.map { .integer(Int64($0)) }
        if job.onFailure != .stop { document["onFailure"] = .string(job.onFailure.rawValue) }
        if job.priority != 0 { document["priority"] = .integer(Int64(job.priority)) }
        return JSONValue.object(document).prettyData
    }

    private static func fields(of task: TaskDefinition) -> JSONValue {
        var fields: [String: JSONValue] = ["name": .string(task.name), "script": .string(task.script)]
        if !task.description.isEmpty { fields["description"] = .string(task.description) }
        fields["kind"] = task.kind.map { .string($0.rawValue) }
        fields["after"] = task.after.map { .array($0.map(JSONValue.string)) }
        if task.runIf != .allSucceeded { fields["runIf"] = .string(task.runIf.rawValue) }
        fields["pool"] = task.pool.map(JSONValue.string)
        fields["database"] = task.database.map(JSONValue.string)
        fields["schema"] = task.schema.map(JSONValue.string)
        fields["connection"] = task.connection.map(JSONValue.string)
        if !task.parameters.isEmpty { fields["parameters"] = .object(task.parameters) }
        fields["retries"] = task.retries.map(fields(of:))
        fields["limits"] = task.limits.map(fields(of:))
        if task.idempotent { fields["idempotent"] = true }
        if let loop = task.forEach {
            var entry: [String: JSONValue] = ["in": .string(loop.list)]
            entry["concurrency"] = loop.concurrency.map { .integer(Int64($0)) }
            fields["forEach"] = .object(entry)
        }
        return .object(fields)
    }

    private static func fields(of retries: RetryPolicy) -> JSONValue {
        let plain = RetryPolicy(count: retries.count)
        var fields: [String: JSONValue] = ["count": .integer(Int64(retries.count))]
        if retries.delay != plain.delay { fields["delay"] = JSONValue(seconds: retries.delay) }
        if retries.factor != plain.factor { fields["factor"] = JSONValue(seconds: retries.factor) }
        if retries.cap != max(plain.cap, retries.delay) { fields["cap"] = JSONValue(seconds: retries.cap) }
        if retries.jitter != plain.jitter { fields["jitter"] = JSONValue(seconds: retries.jitter) }
        if !retries.except.isEmpty { fields["except"] = .array(retries.except.map(JSONValue.string)) }
        return .object(fields)
    }

    private static func fields(of limits: TaskLimits) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        fields["queue"] = limits.queue.map(JSONValue.init(seconds:))
        fields["attempt"] = limits.attempt.map(JSONValue.init(seconds:))
        fields["total"] = limits.total.map(JSONValue.init(seconds:))
        return .object(fields)
    }
}

extension JSONValue {
    /// A number of seconds, as a whole number where it is one.
    fileprivate init(seconds: Double) {
        self = seconds.rounded() == seconds && abs(seconds) < 1e15 ? .integer(Int64(seconds)) : .number(seconds)
    }
}
