import Foundation
import Sluice

/// A JSON document that a command prints with `--json`. The README lists them all.
protocol Document: Encodable {}

extension Document {
    /// Indented, keys sorted, instants as ISO 8601 in UTC with milliseconds, a line break at the end.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        }
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        } catch {
            // Documents hold texts, whole numbers, finite durations and JSON values.
            preconditionFailure("a document that is not JSON: \(error)")
        }
    }
}

struct ErrorDocument: Document {
    struct Body: Encodable {
        var code: String
        var message: String
        var problems: [DefinitionError.Problem]
    }
    var error: Body

    init(_ error: any SluiceError) {
        self.error = Body(
            code: error.code, message: error.description, problems: (error as? DefinitionError)?.problems ?? [])
    }
}

struct ScriptDocument: Document {
    var name: String
    var kind: ScriptKind
    var source: String
    var hash: ContentHash
    var size: Int
    var modified: Date
    var text: String?

    init(_ script: Script, text: String? = nil) {
        name = script.name
        kind = script.kind
        source = script.source
        hash = script.version.hash
        size = script.version.size
        modified = script.modified
        self.text = text
    }
}

struct ScriptListDocument: Document {
    var scripts: [ScriptDocument]
}

struct JobDocument: Document {
    var id: JobID
    var version: Int
    var status: JobStatus
    var name: String
    var owner: String
    var createdAt: Date
    var updatedAt: Date
    var tasks: Int
    /// The job file's own form.
    var definition: JSONValue?
    /// What the job needs and this installation has not.
    var missing: [DefinitionError.Problem]?

    init(_ job: StoredJob, definition: JSONValue? = nil, missing: [DefinitionError.Problem]? = nil) {
        id = job.id
        version = job.version.version
        status = job.status
        name = job.definition.name
        owner = job.owner
        createdAt = job.createdAt
        updatedAt = job.updatedAt
        tasks = job.definition.tasks.count
        self.definition = definition
        self.missing = missing
    }
}

struct JobListDocument: Document {
    var jobs: [JobDocument]
}
