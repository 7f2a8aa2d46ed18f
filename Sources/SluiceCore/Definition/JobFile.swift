import Foundation

/// The exchange form of a job: `{"format": "sluice.job/1", "name": …, "tasks": […]}`.
///
/// Its JSON Schema is published with the project. Reading is strict: a field that this version does not know is an
/// error that names it, because a misspelt `after` would otherwise run a job in the wrong order.
public enum JobFile {
    public static let format = "sluice.job/1"

    /// Reads a job file and holds it against every rule that needs nothing but itself.
    ///
    /// - Parameter data: UTF-8 JSON.
    /// - Throws: ``DefinitionError`` with every problem found and its path in the document.
    public static func read(_ data: Data) throws(DefinitionError) -> JobDefinition {
        // Foundation's decoder takes the first of two equal names without a word.
        if let fault = JSONSyntax.fault(in: Array(data)) { throw DefinitionError(fault) }
        let document = try JSONValue(parsing: data)
        guard case .object(let fields) = document else {
            throw DefinitionError(
                code: "job-file.not-an-object", "A job file is a JSON object, this one is a \(document.kindName).")
        }
        try checkFormat(fields["format"])

        var problems: [DefinitionError.Problem] = []
        let job = FieldReader.read(fields, path: "", problems: &problems) { reader in
            _ = reader.text("format")
            return readJob(&reader)
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }
        try job.validate()
        return job
    }

    private static func checkFormat(_ value: JSONValue?) throws(DefinitionError) {
        guard value != .string(format) else { return }
        let found = value.map { "it says \($0.canonicalText)" } ?? "it says none"
        throw DefinitionError(
            code: "job-file.format", path: "format",
            "A job file says \"format\": \"\(format)\"; \(found). A newer Sluice may have written it.")
    }

    private static func readJob(_ reader: inout FieldReader) -> JobDefinition {
        var job = JobDefinition(
            name: reader.requiredText("name"),
            description: reader.text("description") ?? "",
            parameters: readParameters(&reader),
            tasks: readTasks(&reader),
            finally: reader.nested("finally", readTask))
        job.timeLimit = reader.number("timeLimit")
        job.maxConcurrentRuns = reader.integer("maxConcurrentRuns")
        job.onFailure = reader.choice("onFailure") ?? .stop
        job.priority = reader.integer("priority") ?? 0
        return job
    }

    private static func readParameters(_ job: inout FieldReader) -> [String: JobParameter] {
        guard let fields = job.object("parameters") else { return [:] }
        var parameters: [String: JobParameter] = [:]
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard case .object(let long) = value else {
                parameters[name] = JobParameter(default: value)
                continue
            }
            let path = "parameters.\(name)"
            let read = FieldReader.read(long, path: path, problems: &job.problems) { reader in
                reader.requirePresence("type")
                let type: ParameterType? = reader.choice("type")
                let description = reader.text("description") ?? ""
                return JobParameter(type ?? .any, default: reader.value("default"), description: description)
            }
            parameters[name] = read
        }
        return parameters
    }

    private static func readTasks(_ job: inout FieldReader) -> [TaskDefinition] {
        guard let list = job.array("tasks", required: true) else { return [] }
        var tasks: [TaskDefinition] = []
        for (index, element) in list.enumerated() {
            let path = "tasks[\(index)]"
            guard case .object(let fields) = element else {
                job.problems.append(.wrongType(path: path, wanted: "an object", found: element))
                continue
            }
            tasks.append(FieldReader.read(fields, path: path, problems: &job.problems, readTask))
        }
        return tasks
    }

    private static func readTask(_ reader: inout FieldReader) -> TaskDefinition {
        TaskDefinition(
            name: reader.requiredText("name"),
            description: reader.text("description") ?? "",
            script: reader.requiredText("script"),
            kind: reader.text("kind").map { ScriptKind($0) },
            after: reader.texts("after"),
            runIf: reader.choice("runIf") ?? .allSucceeded,
            pool: reader.text("pool"),
            database: reader.text("database"),
            schema: reader.text("schema"),
            connection: reader.text("connection"),
            parameters: reader.object("parameters") ?? [:],
            retries: reader.nested("retries", readRetries),
            limits: reader.nested("limits") { limits in
                TaskLimits(
                    queue: limits.number("queue"), attempt: limits.number("attempt"), total: limits.number("total"))
            },
            idempotent: reader.flag("idempotent") ?? false,
            forEach: reader.nested("forEach") { loop in
                ForEach(list: loop.requiredText("in"), concurrency: loop.integer("concurrency"))
            })
    }

    private static func readRetries(_ reader: inout FieldReader) -> RetryPolicy {
        reader.requirePresence("count")
        var retries = RetryPolicy(count: reader.integer("count") ?? 0)
        retries.delay = reader.number("delay") ?? retries.delay
        retries.factor = reader.number("factor") ?? retries.factor
        retries.cap = reader.number("cap") ?? max(retries.cap, retries.delay)
        retries.jitter = reader.number("jitter") ?? retries.jitter
        retries.except = reader.texts("except") ?? []
        return retries
    }
}
