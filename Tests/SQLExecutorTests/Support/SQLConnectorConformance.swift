import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

/// What every SQL connector must do, in statements that every dialect knows.
///
/// A connector's tests run each case of ``cases`` on a fresh database that has the schema `other` beside `public`.
struct SQLConnectorConformance: Sendable, CustomTestStringConvertible {
    struct Subject: Sendable {
        var connector: any SQLConnector
        var connection: Connection
        /// A query that runs for at least a minute.
        var endless: String

        func open(
            _ target: SessionDefaults = SessionDefaults(), _ cancellation: SQLCancellation = SQLCancellation()
        ) throws -> any SQLSession {
            try connector.openSession(on: connection, in: target, cancellation: cancellation)
        }

        func script(_ sql: String) throws -> SQLScript {
            try SQLScript(parsing: Array(sql.utf8), dialect: connector.dialect)
        }

        /// Runs every statement, and answers what the last one answered.
        @discardableResult
        func run(_ sql: String, on session: any SQLSession) throws -> SQLResult {
            let script = try script(sql)
            var result = SQLResult()
            for (index, statement) in script.statements.enumerated() {
                if let use = try script.use(of: statement) {
                    try session.use(use)
                } else {
                    result = try session.run(index, of: script)
                }
            }
            return result
        }
    }

    let testDescription: String
    let examine: @Sendable (Subject) throws -> Void

    init(_ rule: String, _ examine: @escaping @Sendable (Subject) throws -> Void) {
        testDescription = rule
        self.examine = examine
    }

    static let cases: [SQLConnectorConformance] = [
        .init("it says which kind of connection it opens") { subject in
            #expect(subject.connector.kind == subject.connection.info.kind)
            #expect(subject.connector.dialect == subject.connection.info.dialect)
        },
        .init("rows are answered with their columns, counted, and the first hundred kept") { subject in
            let session = try subject.open()
            defer { session.close() }
            try subject.run("CREATE TABLE t (a INTEGER, b VARCHAR(10))", on: session)
            let values = (1...150).map { "(\($0), 'row')" }.joined(separator: ", ")
            let inserted = try subject.run("INSERT INTO t VALUES \(values)", on: session)
            #expect(inserted.rowsChanged == 150)
            #expect(inserted.rowsReturned == nil)
            let result = try subject.run("SELECT a, b FROM t ORDER BY a", on: session)
            #expect(result.columns == ["a", "b"])
            #expect(result.rowsReturned == 150)
            #expect(result.rowsChanged == nil)
            #expect(result.preview.count == 100)
            #expect(result.firstRow == [1, "row"])
            #expect(result.preview[99] == [100, "row"])
        },
        .init("an error has its place in the script") { subject in
            let session = try subject.open()
            defer { session.close() }
            let script = try subject.script("SELECT 1;\n  SELECT 2 FROM;\n")
            let error = try #require(throws: SQLError.self) { try session.run(1, of: script) }
            #expect(error.position?.line == 2 || error.position == nil)
            #expect(!error.message.isEmpty && !error.code.isEmpty)
            #expect(try session.run(0, of: script).firstRow == [1])
        },
        .init("a transaction is seen while it is open, and gone after a close") { subject in
            let session = try subject.open()
            #expect(!session.transactionIsOpen)
            try subject.run("CREATE TABLE t (a INTEGER); BEGIN; INSERT INTO t VALUES (1); COMMIT", on: session)
            #expect(!session.transactionIsOpen)
            try subject.run("BEGIN; INSERT INTO t VALUES (2)", on: session)
            #expect(session.transactionIsOpen)
            session.close()
            session.close()
            let next = try subject.open()
            defer { next.close() }
            #expect(try subject.run("SELECT count(*) FROM t", on: next).firstRow == [1])
        },
        .init("USE switches the schema for what follows, in this session alone") { subject in
            let session = try subject.open()
            defer { session.close() }
            try subject.run("CREATE TABLE t (a INTEGER); USE SCHEMA other; CREATE TABLE t (a INTEGER)", on: session)
            try subject.run("INSERT INTO t VALUES (7); INSERT INTO public.t VALUES (8)", on: session)
            #expect(try subject.run("SELECT a FROM t", on: session).firstRow == [7])
            let next = try subject.open()
            defer { next.close() }
            #expect(try subject.run("SELECT a FROM t", on: next).firstRow == [8])
        },
        .init("USE is refused inside a transaction") { subject in
            let session = try subject.open()
            defer { session.close() }
            try subject.run("BEGIN", on: session)
            let error = try #require(throws: SQLError.self) { try session.use(SQLUse(schema: "other")) }
            #expect(error.code == "sql.use-in-transaction")
        },
        .init("unknown databases and schemas are errors that list what exists") { subject in
            let database = try #require(throws: SQLError.self) { try subject.open(SessionDefaults(database: "ghost")) }
            #expect(database.code == "sql.unknown-database")
            #expect(database.message.contains("ghost") && database.message.contains("master"))
            let schema = try #require(throws: SQLError.self) { try subject.open(SessionDefaults(schema: "ghost")) }
            #expect(schema.code == "sql.unknown-schema")
            for name in ["ghost", "public", "other"] { #expect(schema.message.contains(name)) }
            let session = try subject.open()
            defer { session.close() }
            #expect(
                try #require(throws: SQLError.self) { try session.use(SQLUse(schema: "ghost")) }.message
                    == schema.message)
        },
        .init("parameters are bound, rows answered whole") { subject in
            let session = try subject.open()
            defer { session.close() }
            _ = try session.execute("CREATE TABLE t (a INTEGER, b VARCHAR(100))", [])
            #expect(try session.execute("INSERT INTO t VALUES (1, 'it''s')", []).changed == 1)
            let rows = try session.execute("SELECT a, b FROM t", [])
            #expect(rows.columns == ["a", "b"])
            #expect(rows.rows == [[1, "it's"]])
            #expect(throws: SQLError.self) { try session.execute("SELECT 1; SELECT 2", []) }
        },
        .init("placeholders are values, whatever they hold, in queries and in definitions") { subject in
            let session = try subject.open()
            defer { session.close() }
            let script = try subject.script(
                "CREATE TABLE t (id INTEGER, v VARCHAR(200) DEFAULT ${v}); INSERT INTO t (id, v) VALUES (${n}, ${v}); "
                    + "INSERT INTO t (id) VALUES (${n} + 1); SELECT count(*), min(v), max(v), max(id) FROM t WHERE v = ${v}"
            )
            for text in ["'; DROP TABLE t; --", "\\'", "\\", "$$", "/*", "'\u{301}", "日本 👩‍💻", "\r\n"] {
                var values = SQLValues()
                values[.parameter("v")] = .text(text)
                values[.parameter("n")] = .integer(-7)
                for index in 0..<3 { _ = try session.run(index, of: script, with: values) }
                let row = try session.run(3, of: script, with: values).firstRow
                #expect(row == [2, .string(text), .string(text), -6])
                try subject.run("DROP TABLE t", on: session)
            }
        },
        .init("cancelling stops what runs and refuses what follows") { subject in
            let cancellation = SQLCancellation()
            let session = try subject.open(SessionDefaults(), cancellation)
            defer { session.close() }
            let script = try subject.script("SELECT 1; \(subject.endless)")
            #expect(try session.run(0, of: script).firstRow == [1])
            let thread = Thread { cancellation.cancel() }
            thread.start()
            let error = try #require(throws: SQLError.self) { try session.run(1, of: script) }
            #expect(error.code == "sql.cancelled")
            #expect(throws: SQLError.self) { try session.run(0, of: script) }
        },
    ]
}
