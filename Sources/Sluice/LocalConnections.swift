import Foundation
import SluiceCore
import SluiceStore

/// The connections of a data folder that nobody has configured: `local`, the embedded engine, designated for jobs.
public struct LocalConnections: ConnectionDirectory {
    /// The name of the only connection there is.
    public static let localName = "local"
    private let local: ConnectionInfo

    /// - Parameter databases: the folder that holds the SQLite databases.
    public init(databases: URL) {
        local = ConnectionInfo(
            name: Self.localName, kind: "sqlite", dialect: .sqlite, settings: ["root": databases.path])
    }

    public func info(_ name: String?) throws -> ConnectionInfo {
        guard let name, name != Self.localName else { return local }
        throw DefinitionError(
            code: "connection.unknown", "There is no connection '\(name)'. There is: \(Self.localName).")
    }

    public func resolve(_ name: String?) throws -> Connection { Connection(info: try info(name)) }
}
