/// The connections of this installation.
public protocol ConnectionDirectory: Sendable {
    /// The connection called `name`; the Jobs connection when nil.
    ///
    /// - Throws: a ``SluiceError`` `connection.unknown` that lists what there is, or `connection.not-designated`.
    func info(_ name: String?) throws -> ConnectionInfo

    /// The same with its secret, resolved now.
    func resolve(_ name: String?) throws -> Connection
}
