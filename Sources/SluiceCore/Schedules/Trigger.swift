/// What makes a saved job start by itself.
///
/// Its JSON form is a ``Schedule``'s, or `{"after": 3, "on": "success"}`, or `{"object": "raw/*.csv", "source": "bucket"}`.
public enum Trigger: Sendable, Hashable {
    /// The clock.
    case time(Schedule)
    /// The end of a run of another job.
    case job(JobEnd)
    /// An object of a source that appears or changes.
    case object(ObjectPattern)

    /// The end of a job's run.
    public struct JobEnd: Sendable, Hashable {
        public enum Ending: String, Sendable, CaseIterable {
            case success, failure, any
        }

        public var job: JobID
        public var ending: Ending

        public init(_ job: JobID, on ending: Ending = .success) {
            self.job = job
            self.ending = ending
        }

        /// Whether a run that has ended so is meant.
        public func matches(_ status: RunStatus) -> Bool {
            switch ending {
            case .any: status.isEnded
            case .success: status == .succeeded
            case .failure: status.isEnded && status != .succeeded
            }
        }
    }

    /// The schedule of a trigger that looks at the clock.
    public var schedule: Schedule? {
        if case .time(let schedule) = self { schedule } else { nil }
    }
}

extension Trigger: CustomStringConvertible {
    /// For people: `at 02:30 every day`, `after job 3 succeeded`, `when raw/*.csv changes`.
    public var description: String {
        switch self {
        case .time(let schedule): "\(schedule)"
        case .job(let end):
            switch end.ending {
            case .success: "after job \(end.job) succeeded"
            case .failure: "after job \(end.job) failed"
            case .any: "after job \(end.job) ended"
            }
        case .object(let pattern): "when \(pattern.glob) changes" + (pattern.source.map { " in \($0)" } ?? "")
        }
    }
}

extension Trigger: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(json: JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// - Throws: ``DefinitionError`` with every problem found.
    public init(json: JSONValue) throws(DefinitionError) {
        guard case .object(let fields) = json, fields["after"] != nil || fields["object"] != nil else {
            self = .time(try Schedule(json: json))
            return
        }
        let known: Set<String> = fields["after"] != nil ? ["after", "on"] : ["object", "source"]
        for name in fields.keys.sorted() where !known.contains(name) {
            throw DefinitionError(
                code: "schedule.unknown-field", path: name,
                "There is no such field here. Known: \(known.sorted().joined(separator: ", ")).")
        }
        switch (fields["after"], fields["object"]) {
        case (.integer(let job)?, _):
            guard case .string(let word) = fields["on"] ?? "success", let ending = JobEnd.Ending(rawValue: word) else {
                throw DefinitionError(
                    code: "schedule.choice", path: "on", "Write one of: success, failure, any.")
            }
            self = .job(JobEnd(JobID(job), on: ending))
        case (nil, .string(let glob)?):
            var source: String?
            if case .string(let name)? = fields["source"] { source = name }
            self = .object(try ObjectPattern(glob, source: source))
        default:
            throw DefinitionError(
                code: "schedule.wrong-type", path: fields["after"] != nil ? "after" : "object",
                "'after' is the number of a job, 'object' a pattern of names.")
        }
    }

    /// The JSON form, with what differs from the defaults alone.
    public var json: JSONValue {
        switch self {
        case .time(let schedule): return schedule.json
        case .job(let end): return ["after": .integer(end.job.rawValue), "on": .string(end.ending.rawValue)]
        case .object(let pattern):
            var fields: [String: JSONValue] = ["object": .string(pattern.glob)]
            if let source = pattern.source { fields["source"] = .string(source) }
            return .object(fields)
        }
    }
}
