import SluiceCore

/// What is wrong with a script, a statement, or the database it runs on.
public struct SQLError: SluiceError {
    /// Such as `sql.unterminated-string`, `sql.unknown-schema`, `sql.error`.
    public var code: String
    public var message: String
    public var category: ErrorCategory
    /// Where in the script, when the error is about a place in it.
    public var position: SourcePosition?
    /// Offset in the text of the statement at which the database saw the error, in bytes.
    package var statementOffset: Int?
    public var cause: (any Error)?

    public init(
        code: String, category: ErrorCategory = .badInput, _ message: String, at position: SourcePosition? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.category = category
        self.position = position
        self.cause = cause
    }
}
