import SluiceCore

/// What an inspector found in a script; the shape of its answers.
struct Inspection: Sendable, Codable {
    struct Requirement: Sendable, Codable {
        /// As the script has it: `pandas>=2`.
        var text: String
        var line: Int
    }

    struct Warning: Sendable, Codable {
        var code: String
        var message: String
        var line: Int?
    }

    struct Refusal: Sendable, Codable {
        var code: String
        var message: String
        var line: Int?
        var column: Int?
    }

    /// The version of the interpreter that inspected it.
    var version: String
    var requirements: [Requirement]
    /// What `[tool.sluice]` says.
    var target: SessionOverrides
    var warnings: [Warning]
    /// Why the script can never run as it is.
    var refusal: Refusal?
}
