import Foundation
import SluiceCore

/// The conversation on the local socket: frames of JSON, each with its length before it in four bytes, big end first.
///
/// The client says ``WireHello`` and is answered with the server's; then requests and answers alternate.
enum Wire {
    /// Raised whenever an operation's input or answer changes its shape.
    static let version = 1
    /// The longest request that a server reads, in bytes: a script of the largest size fits in with room to spare.
    static let requestLimit = 32 << 20
    /// The longest answer that a client reads, in bytes.
    static let answerLimit = 1 << 30
    /// How long a server waits for a client's hello, in seconds.
    static let helloPatience = 10
    /// How long a client waits for the server's, in seconds: a machine under heavy load takes its time.
    static let serverPatience = 60
}

/// Who speaks, and in which version.
struct WireHello: Codable, Sendable {
    /// ``Wire/version`` of the speaker; under a name of its own, so that nothing else is taken for a hello.
    var sluice: Int
    /// The speaker's release, for people.
    var release: String
}

/// A request: an operation's name and its input.
struct WireRequest<Operation: EngineOperation>: Codable {
    var operation: String
    var input: Operation

    init(_ operation: Operation) {
        self.operation = Operation.name
        input = operation
    }
}

/// The part of a request that tells which operation it is for.
struct WireRequestName: Decodable {
    var operation: String
}

/// An answer, or the error in its place.
struct WireAnswer<Answer: Codable>: Codable {
    var answer: Answer?
    var error: WireError?
}

/// An error on its way from the server to the client.
struct WireError: Codable, Sendable {
    var code: String
    /// With what the cause adds to it.
    var message: String
    var category: ErrorCategory
    /// Those of a ``DefinitionError``.
    var problems: [DefinitionError.Problem]?

    init(_ error: any Error) {
        switch error {
        case let error as DefinitionError:
            self.init(code: error.code, message: error.description, category: error.category)
            problems = error.problems
        case let error as any SluiceError:
            self.init(code: error.code, message: error.description, category: error.category)
        case is CancellationError:
            self.init(
                code: "server.stopping", message: "The server is stopping and did not answer.", category: .fault)
        default:
            self.init(code: "internal.fault", message: "Something failed that should not (\(error))", category: .fault)
        }
    }

    private init(code: String, message: String, category: ErrorCategory) {
        self.code = code
        self.message = message
        self.category = category
    }

    /// The error as the client throws it: it reads and behaves like the one that the operation threw.
    var thrown: any SluiceError {
        if let problems, !problems.isEmpty { return DefinitionError(problems) }
        return RequestError(code, category, message)
    }
}
