/// One thing that a client may ask of an engine: the one place where that action is written down.
///
/// The command line carries it out on an engine of its own, or sends it through the local socket to the server that has
/// the engine; both ways end in the same ``perform(in:)``.
package protocol EngineOperation: Codable, Sendable {
    associatedtype Answer: Codable, Sendable

    /// What requests call it, such as `runs.list`; never changed once released.
    static var name: String { get }

    /// - Throws: ``SluiceError``s; they reach the client with code, message, category and problems.
    func perform(in host: EngineHost) async throws -> Answer
}

/// The answer of an operation that has nothing to tell but that it is done.
package struct Done: Codable, Sendable {}
