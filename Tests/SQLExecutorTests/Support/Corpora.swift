import Foundation
import SluiceCore
import Testing

/// The corpora in `Fixtures/sql`; its README says what they hold.
enum Corpora {
    struct Split: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var dialects: [SQLDialect]
        var sql: String
        var statements: [String]
        var places: [[Int]]?
        var testDescription: String { name }
    }

    struct Unterminated: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var dialects: [SQLDialect]
        var sql: String
        var code: String
        var line: Int
        var column: Int
        var testDescription: String { name }
    }

    struct Use: Decodable, Sendable, CustomTestStringConvertible {
        var dialects: [SQLDialect]
        var sql: String
        var database: String?
        var schema: String?
        var pool: String?
        var line: Int?
        var column: Int?
        var testDescription: String { sql }
    }

    struct NamedSchemas: Decodable, Sendable, CustomTestStringConvertible {
        var sql: String
        var schemas: [String]
        var testDescription: String { sql }
    }

    struct Pragma: Decodable, Sendable, CustomTestStringConvertible {
        var sql: String
        var refused: Reason?
        var testDescription: String { sql }

        enum Reason: String, Decodable {
            case readOnly = "read-only"
            case notForScripts = "not-for-scripts"
        }
    }

    static func load<Entry: Decodable>(_ name: String, as: Entry.Type = Entry.self) throws -> [Entry] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/sql/\(name).json")
        return try JSONDecoder().decode([Entry].self, from: Data(contentsOf: file))
    }
}
