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

        var reader = FieldReader(fields, path: "")
        _ = reader.text("format")
        let job = JobDefinition(
            name: reader.requiredText("name"),
            description: reader.text("description") ?? "",
            parameters: reader.object("parameters") ?? [:],
            tasks: readTasks(&reader))
        reader.refuseOtherFields()
        guard reader.problems.isEmpty else { throw DefinitionError(reader.problems) }
        try job.validate()
        return job
    }

    /// Writes a job file: indented, keys sorted, only what differs from the defaults.
    public static func write(_ job: JobDefinition) -> Data {
        var document: [String: JSONValue] = ["format": .string(format), "name": .string(job.name)]
        if !job.description.isEmpty { document["description"] = .string(job.description) }
        if !job.parameters.isEmpty { document["parameters"] = .object(job.parameters) }
        document["tasks"] = .array(job.tasks.map(fields(of:)))
        return JSONValue.object(document).prettyData
    }

    private static func checkFormat(_ value: JSONValue?) throws(DefinitionError) {
        guard value != .string(format) else { return }
        let found = value.map { "it says \($0.canonicalText)" } ?? "it says none"
        throw DefinitionError(
            code: "job-file.format", path: "format",
            "A job file says \"format\": \"\(format)\"; \(found). A newer Sluice may have written it.")
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
            var reader = FieldReader(fields, path: path)
            tasks.append(
                TaskDefinition(
                    name: reader.requiredText("name"),
                    description: reader.text("description") ?? "",
                    script: reader.requiredText("script"),
                    kind: reader.text("kind").map { ScriptKind($0) },
                    after: reader.texts("after"),
                    pool: reader.text("pool"),
                    database: reader.text("database"),
                    schema: reader.text("schema"),
                    connection: reader.text("connection"),
                    parameters: reader.object("parameters") ?? [:]))
            reader.refuseOtherFields()
            job.problems += reader.problems
        }
        return tasks
    }

    private static func fields(of task: TaskDefinition) -> JSONValue {
        var fields: [String: JSONValue] = ["name": .string(task.name), "script": .string(task.script)]
        if !task.description.isEmpty { fields["description"] = .string(task.description) }
        if let kind = task.kind { fields["kind"] = .string(kind.rawValue) }
        if let after = task.after { fields["after"] = .array(after.map(JSONValue.string)) }
        if let pool = task.pool { fields["pool"] = .string(pool) }
        if let database = task.database { fields["database"] = .string(database) }
        if let schema = task.schema { fields["schema"] = .string(schema) }
        if let connection = task.connection { fields["connection"] = .string(connection) }
        if !task.parameters.isEmpty { fields["parameters"] = .object(task.parameters) }
        return .object(fields)
    }
}

/// Takes the fields of one JSON object, gathering what is wrong with them.
private struct FieldReader {
    private let fields: [String: JSONValue]
    private let path: String
    private var known: Set<String> = []
    var problems: [DefinitionError.Problem] = []

    init(_ fields: [String: JSONValue], path: String) {
        self.fields = fields
        self.path = path
    }

    mutating func text(_ name: String) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { return wrongType(name, "text", value) }
        return text
    }

    mutating func requiredText(_ name: String) -> String {
        requirePresence(name)
        return text(name) ?? "?"
    }

    mutating func object(_ name: String) -> [String: JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .object(let object) = value else { return wrongType(name, "an object", value) }
        return object
    }

    mutating func array(_ name: String, required: Bool = false) -> [JSONValue]? {
        if required { requirePresence(name) }
        guard let value = take(name) else { return nil }
        guard case .array(let array) = value else { return wrongType(name, "a list", value) }
        return array
    }

    mutating func texts(_ name: String) -> [String]? {
        guard let array = array(name) else { return nil }
        return array.enumerated().compactMap { index, element in
            if case .string(let text) = element { return text }
            return wrongType("\(name)[\(index)]", "text", element)
        }
    }

    mutating func refuseOtherFields() {
        for name in fields.keys.sorted() where !known.contains(name) {
            problems.append(
                .init(
                    code: "job-file.unknown-field", path: at(name),
                    message: "There is no such field. Known here: \(known.sorted().joined(separator: ", "))."))
        }
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        let value = fields[name]
        return value == .null ? nil : value
    }

    private mutating func requirePresence(_ name: String) {
        guard fields[name] == nil || fields[name] == .null else { return }
        problems.append(.init(code: "job-file.missing-field", path: at(name), message: "This field is required."))
    }

    private mutating func wrongType<Value>(_ name: String, _ wanted: String, _ found: JSONValue) -> Value? {
        problems.append(.wrongType(path: at(name), wanted: wanted, found: found))
        return nil
    }

    private func at(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension DefinitionError.Problem {
    fileprivate static func wrongType(path: String, wanted: String, found: JSONValue) -> Self {
        .init(code: "job-file.wrong-type", path: path, message: "This must be \(wanted), not \(found.kindName).")
    }
}
