/// A job, task, script or parameter that breaks a rule of the definition language.
public struct DefinitionError: SluiceError, Hashable {
    /// One broken rule.
    public struct Problem: Sendable, Hashable, Codable {
        /// A stable identifier such as `job.cycle`.
        public var code: String
        /// Where in the document, such as `tasks[2].script`; empty for the document itself.
        public var path: String
        /// What is wrong and what to write instead.
        public var message: String

        public init(code: String, path: String, message: String) {
            self.code = code
            self.path = path
            self.message = message
        }
    }

    /// Every broken rule found, in document order; never empty.
    public var problems: [Problem]

    public init(_ problems: [Problem]) {
        precondition(!problems.isEmpty, "a DefinitionError names at least one problem")
        self.problems = problems
    }

    public init(code: String, path: String = "", _ message: String) {
        self.init([Problem(code: code, path: path, message: message)])
    }

    public var code: String { problems[0].code }
    public var category: ErrorCategory { .badInput }

    public var message: String {
        problems.map { $0.path.isEmpty ? $0.message : "\($0.path): \($0.message)" }.joined(separator: "\n")
    }
}
