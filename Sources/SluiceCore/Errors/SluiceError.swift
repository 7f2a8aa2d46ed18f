/// A fault as the person who meets it should read it.
///
/// Every module throws one error type that conforms to this protocol. The command line, the API and a host app show
/// ``message`` and branch on ``code`` and ``category``; nobody parses text.
public protocol SluiceError: Error, Sendable, CustomStringConvertible {
    /// A stable, dotted identifier such as `job.unknown-script`; also the metric label.
    var code: String { get }
    /// What happened and what to do about it, in one or two sentences, without any secret.
    var message: String { get }
    /// Who can mend it; decides exit codes and HTTP statuses.
    var category: ErrorCategory { get }
    /// The error underneath, when there is one.
    var cause: (any Error)? { get }
}

extension SluiceError {
    public var cause: (any Error)? { nil }

    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}

/// Who can mend an error.
public enum ErrorCategory: String, Sendable, Codable {
    /// The person who asked: wrong input or a wrong reference.
    case badInput
    /// The thing named is not there.
    case notFound
    /// The thing exists but its state forbids the action now.
    case conflict
    /// The engine, the machine or the data folder.
    case fault
}
