import CSQLite
import Foundation
import SluiceCore

/// `CREATE` and `DROP` of databases and schemas: folders and files, so these statements never go to SQLite.
extension SQLiteSession {
    private struct Definition {
        var database: String?
        var name: String
        var ifExists = false
        var ifNotExists = false
        var cascade = false
    }

    /// Does the statement if it is one of these.
    ///
    /// - Returns: false when it is another one.
    func define(_ statement: SQLStatement, of script: SQLScript) throws(SQLError) -> Bool {
        let what: SQLiteName.What
        switch statement.verb {
        case .createDatabase, .dropDatabase: what = .database
        case .createSchema, .dropSchema: what = .schema
        default: return false
        }
        if transactionIsOpen {
            throw SQLError(
                code: "sql.definition-in-transaction",
                "A transaction cannot take a \(what.rawValue) back: write CREATE and DROP \(what.rawValue.uppercased()) outside."
            )
        }
        let definition = try read(statement, what, of: script)
        switch statement.verb {
        case .createDatabase:
            try SQLiteName.require(definition.name, what: .database)
            try root.createDatabase(definition.name, ifMissing: definition.ifNotExists)
        case .createSchema:
            let database = definition.database ?? self.database
            try SQLiteName.require(definition.name, what: .schema)
            try root.requireDatabase(database)
            try root.createSchema(definition.name, in: database, ifMissing: definition.ifNotExists)
            _ = forgetAbsentNames()
        // What is dropped must not be open here because of where the session was before a USE.
        case .dropDatabase:
            try follow()
            try dropDatabase(definition)
        default:
            try follow()
            try dropSchema(definition)
        }
        return true
    }

    private func read(
        _ statement: SQLStatement, _ what: SQLiteName.What, of script: SQLScript
    ) throws(SQLError) -> Definition {
        let span = script.bytes.span
        var words = SQLWords(statement, of: span, dialect: .sqlite)
        let creates = SQLKeyword(words.next(in: span), in: span) == .create
        _ = words.next(in: span)
        var definition = Definition(name: "")
        var token = words.next(in: span)
        func malformed(_ expected: String) -> SQLError {
            let position = script.position(of: token.start)
            return SQLError(
                code: "sql.definition-malformed",
                "\(expected) is expected at line \(position.line), column \(position.column).", at: position)
        }
        if SQLKeyword(token, in: span) == .`if` {
            token = words.next(in: span)
            if creates {
                guard SQLKeyword(token, in: span) == .not else { throw malformed("IF NOT EXISTS") }
                token = words.next(in: span)
            }
            guard SQLKeyword(token, in: span) == .exists else {
                throw malformed(creates ? "IF NOT EXISTS" : "IF EXISTS")
            }
            definition.ifNotExists = creates
            definition.ifExists = !creates
            token = words.next(in: span)
        }
        guard let name = words.identifier(token, in: span) else { throw malformed("The name of a \(what.rawValue)") }
        definition.name = name
        token = words.next(in: span)
        if token.kind == .dot, what == .schema {
            token = words.next(in: span)
            guard let name = words.identifier(token, in: span) else { throw malformed("The name of a schema") }
            definition.database = definition.name
            definition.name = name
            token = words.next(in: span)
        }
        if !creates, what == .schema {
            let keyword = SQLKeyword(token, in: span)
            if keyword == .cascade || keyword == .restrict {
                definition.cascade = keyword == .cascade
                token = words.next(in: span)
            }
        }
        guard token.kind == .end else { throw malformed("The end of the statement") }
        return definition
    }

    // MARK: - DROP

    private func dropDatabase(_ definition: Definition) throws(SQLError) {
        let name = definition.name
        if definition.ifExists, SQLiteName.problem(name, what: .database) != nil || !root.exists(name) { return }
        try root.requireDatabase(name)
        if name == SQLiteRoot.defaultDatabase {
            throw SQLError(code: "sql.drop-refused", category: .conflict, "The database '\(name)' always exists.")
        }
        if name == handle.database {
            throw SQLError(
                code: "sql.drop-refused", category: .conflict,
                "The script is in database '\(name)'. USE DATABASE another one before you drop it.")
        }
        var held: [SQLiteFileHold] = []
        defer { for hold in held { hold.release() } }
        for schema in try root.schemas(of: name) {
            held.append(try SQLiteFileHold(root.path(name, schema), "\(name).\(schema)", settings, cancellation))
        }
        try root.removeDatabase(name)
    }

    private func dropSchema(_ definition: Definition) throws(SQLError) {
        let database = definition.database ?? self.database
        let name = definition.name
        try root.requireDatabase(database)
        if definition.ifExists, SQLiteName.problem(name, what: .schema) != nil || !root.exists(database, name) {
            return
        }
        try root.requireSchema(name, of: database)
        if name == SQLiteRoot.defaultSchema {
            throw SQLError(
                code: "sql.drop-refused", category: .conflict,
                "Every database keeps its schema '\(name)'. Drop its tables.")
        }
        if database == handle.database, name == handle.schema {
            throw SQLError(
                code: "sql.drop-refused", category: .conflict,
                "The script is in schema '\(name)'. USE SCHEMA another one before you drop it.")
        }
        try forget(name, of: database)
        let hold = try SQLiteFileHold(root.path(database, name), "\(database).\(name)", settings, cancellation)
        defer { hold.release() }
        if !definition.cascade {
            let objects = try hold.objects()
            guard objects.isEmpty else {
                throw SQLError(
                    code: "sql.schema-not-empty", category: .conflict,
                    "Schema '\(name)' still holds \(objects.joined(separator: ", ")). Drop these first, or say CASCADE."
                )
            }
        }
        try root.removeSchema(name, of: database)
    }

    /// Lets go of a schema that this session has attached.
    private func forget(_ schema: String, of database: String) throws(SQLError) {
        guard database == handle.database else { return }
        for index in knownNames.indices.reversed() {
            guard case .schema(schema, let slot) = knownNames[index].place else { continue }
            if let slot {
                authorizer.isOwn = true
                defer { authorizer.isOwn = false }
                _ = try handle.text("DETACH ?", [schema])
                authorizer.attachments[slot] = nil
            }
            knownNames.remove(at: index)
        }
    }
}

/// A schema's file, held so that no other session has it open, while it is dropped.
///
/// Leaving WAL mode needs the file for oneself alone; a transaction then keeps others out.
private final class SQLiteFileHold {
    private let handle: SQLiteHandle
    private let name: String

    init(
        _ path: String, _ name: String, _ settings: SQLiteSettings, _ cancellation: SQLCancellation
    ) throws(SQLError) {
        self.name = name
        handle = try SQLiteHandle(settings, at: path, cancellation: cancellation)
        do throws(SQLError) {
            guard try handle.text("PRAGMA journal_mode = DELETE") == "delete" else { throw handle.error() }
            _ = try handle.text("BEGIN EXCLUSIVE")
        } catch {
            release()
            if error.code == "sql.cancelled" || cancellation.isCancelled { throw error }
            throw SQLError(
                code: "sql.busy", category: .conflict,
                "\(name) is in use by another session, and so cannot be dropped. Run it again later.", cause: error)
        }
    }

    /// What the schema holds, as people call it.
    func objects() throws(SQLError) -> [String] {
        let list = try handle.text(
            """
            SELECT group_concat(type || ' ' || name, char(10)) FROM
            (SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             ORDER BY type, name LIMIT 20)
            """)
        return list.map { $0.split(separator: "\n").map(String.init) } ?? []
    }

    func release() { handle.close() }
}
