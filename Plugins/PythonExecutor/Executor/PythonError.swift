import SluiceCore

/// A fault of the Python executor, or a Python script that can never run as it is.
public struct PythonError: SluiceError {
    /// `python.syntax`, `python.metadata`, `python.version`, `python.requirement`, `python.not-allowed`,
    /// `python.worker`, `python.interpreter`, `python.folder`, `python.setting`.
    public var code: String
    public var message: String
    public var category: ErrorCategory
    /// Line in the script, from 1, when the error is about a place.
    public var line: Int?
    /// Column in the script, from 1.
    public var column: Int?
    public var cause: (any Error)?

    public init(
        code: String, _ message: String, category: ErrorCategory, line: Int? = nil, column: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.category = category
        self.line = line
        self.column = column
        self.cause = cause
    }
}
