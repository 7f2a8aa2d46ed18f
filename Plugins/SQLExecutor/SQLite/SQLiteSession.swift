import CSQLite
import Foundation
import SluiceCore

/// One task's session on the embedded engine.
///
/// The current schema's file is the connection's main database under the schema's own name, so that its unqualified names
/// resolve there. A USE opens the other file as the main one of a new connection, and takes the temporary objects along.
final class SQLiteSession: SQLSession {
    let settings: SQLiteSettings
    let root: SQLiteRoot
    let cancellation: SQLCancellation
    let authorizer = SQLiteAuthorizer()
    private(set) var handle: SQLiteHandle
    private var isClosed = false

    /// Where the next statement runs; the handle follows when there is one.
    private(set) var database: String
    private(set) var schema: String

    /// The names that statements have put before a dot, and what they are here.
    var knownNames: [KnownName] = []

    /// What the script has set for its session, to be said again after a USE.
    private var sessionPragmas: [String] = []

    init(
        _ settings: SQLiteSettings, database: String, schema: String, cancellation: SQLCancellation
    ) throws(SQLError) {
        self.settings = settings
        root = SQLiteRoot(folder: settings.root)
        self.cancellation = cancellation
        self.database = database
        self.schema = schema
        try root.requireSchema(schema, of: database)
        handle = try SQLiteHandle(settings, database: database, schema: schema, cancellation: cancellation)
        adopt(handle)
    }

    private func adopt(_ handle: SQLiteHandle) {
        self.handle = handle
        knownNames = []
        authorizer.attachments = authorizer.attachments.map { _ in nil }
        authorizer.schema = handle.schema
        authorizer.install(on: handle.pointer)
        // sqlite3_interrupt may be called from any thread, as long as the connection is open; `close` takes this back first.
        nonisolated(unsafe) let pointer = handle.pointer
        cancellation.onCancel { sqlite3_interrupt(pointer) }
    }

    var transactionIsOpen: Bool { !isClosed && sqlite3_get_autocommit(handle.pointer) == 0 }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        cancellation.onCancel(nil)
        handle.close()
    }

    deinit { close() }

    // MARK: - USE

    func use(_ use: SQLUse) throws(SQLError) {
        guard use.database != nil || use.schema != nil else { return }
        if transactionIsOpen {
            throw SQLError(
                code: "sql.use-in-transaction",
                "USE cannot stand inside a transaction: it would leave the transaction's schema. COMMIT before it.")
        }
        if let name = use.database { try root.requireDatabase(name) }
        if let name = use.schema { try root.requireSchema(name, of: use.database ?? database) }
        database = use.database ?? database
        schema = use.schema ?? schema
    }

    /// Opens the current schema as the main database, if a USE has switched it.
    func follow() throws(SQLError) {
        guard handle.database != database || handle.schema != schema else { return }
        // After USE DATABASE alone the schema's name is looked for in the new database.
        try root.requireSchema(schema, of: database)
        let next = try SQLiteHandle(settings, database: database, schema: schema, cancellation: cancellation)
        do throws(SQLError) {
            for pragma in sessionPragmas { _ = try next.text(pragma) }
            try copyTemporaryObjects(to: next)
        } catch {
            next.close()
            throw error
        }
        sqlite3_set_last_insert_rowid(next.pointer, sqlite3_last_insert_rowid(handle.pointer))
        cancellation.onCancel(nil)
        handle.close()
        adopt(next)
    }

    private func copyTemporaryObjects(to next: SQLiteHandle) throws(SQLError) {
        authorizer.isOwn = true
        defer { authorizer.isOwn = false }
        guard try handle.text("SELECT 1 FROM sqlite_temp_schema LIMIT 1") != nil else { return }
        guard let backup = sqlite3_backup_init(next.pointer, "temp", handle.pointer, "temp") else { throw next.error() }
        let status = sqlite3_backup_step(backup, -1)
        sqlite3_backup_finish(backup)
        guard status == SQLITE_DONE else { throw next.error() }
    }

    // MARK: - Statements

    func run(_ index: Int, of script: SQLScript, with values: SQLValues) throws(SQLError) -> SQLResult {
        let statement = script.statements[index]
        // Making a schema needs none, not even the one that a USE DATABASE now misses.
        if try define(statement, of: script) { return SQLResult() }
        try follow()
        let text = try SQLiteText(index, of: script, with: values)
        return try perform(text, text.parameters) { (rows, result: inout SQLResult, size: inout Int) in
            let returned = result.rowsReturned ?? 0
            result.rowsReturned = returned + 1
            if returned == 0 {
                let bytes = rows.size
                if bytes <= DefinitionLimits.value {
                    result.firstRow = rows.values()
                } else {
                    result.firstRowSize = bytes
                }
            }
            guard returned < StepPreview.rowLimit, size < SQLResult.previewSizeLimit else { return }
            size += min(rows.size, Int(rows.count) * SQLResult.previewValueLimit)
            result.preview.append(rows.values(limit: SQLResult.previewValueLimit))
        }
    }

    func execute(_ sql: String, _ parameters: [JSONValue]) throws(SQLError) -> ResultRows {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite)
        try script.refuseUnsendable()
        guard let statement = script.statements.first else { return ResultRows() }
        guard script.statements.count == 1 else {
            throw SQLError(
                code: "sql.several-statements",
                "This is \(script.statements.count) statements; a call runs one.", at: script.statements[1].position)
        }
        if let placeholder = try script.placeholders().first {
            throw SQLError(
                code: "sql.placeholder-unknown",
                "\(placeholder.source) stands for a value in scripts alone; a call binds its values by position: write ?.",
                at: script.position(of: placeholder.start))
        }
        if let use = try script.use(of: statement) {
            try self.use(use)
            return ResultRows()
        }
        if try define(statement, of: script) { return ResultRows() }
        try follow()
        var all: [[JSONValue]] = []
        let text = try SQLiteText(0, of: script, with: .none)
        let result = try perform(text, parameters.map(SQLValue.init)) { (rows, _: inout SQLResult, _: inout Int) in
            all.append(rows.values())
        }
        return ResultRows(columns: result.columns, rows: all, changed: result.rowsChanged ?? 0)
    }

    /// Compiles and runs a statement; once more if it names a schema that another session has made since it was looked for.
    private func perform(
        _ text: SQLiteText, _ parameters: [SQLValue], _ row: (SQLiteRows, inout SQLResult, inout Int) -> Void
    ) throws(SQLError) -> SQLResult {
        let index = text.index
        let script = text.script
        let compiled: OpaquePointer
        do throws(SQLError) {
            compiled = try compile(text)
        } catch {
            guard error.code == "sql.error", forgetAbsentNames() else { throw explained(error, text) }
            do throws(SQLError) {
                compiled = try compile(text)
            } catch {
                throw explained(error, text)
            }
        }
        defer { sqlite3_finalize(compiled) }
        let expected = Int(sqlite3_bind_parameter_count(compiled))
        guard expected == parameters.count else {
            throw SQLError(
                code: "sql.parameters",
                "The statement has \(expected) parameters and gets \(parameters.count) values.")
        }
        if expected > 0 { SQLiteParameters.bind(parameters, to: compiled) }
        authorizer.isRunning = true

        var result = SQLResult()
        var size = 0
        let rows = SQLiteRows(compiled)
        if rows.count > 0 { result.rowsReturned = 0 }
        if cancellation.isCancelled { throw cancelled() }
        while true {
            let status = sqlite3_step(compiled)
            if status == SQLITE_ROW {
                row(rows, &result, &size)
                // Left between two rows, a change with RETURNING would be committed; interrupted, it is undone.
                if cancellation.isCancelled { sqlite3_interrupt(handle.pointer) }
                continue
            }
            if status == SQLITE_DONE { break }
            if let refusal = authorizer.refusal { throw refusal }
            throw explained(text.placed(handle.error()), text)
        }
        // Read afterwards: a statement that was compiled again while it started may have other columns now.
        if rows.count > 0 { result.columns = rows.columns.map(text.shown(column:)) }
        let statement = script.statements[index]
        if statement.verb == .change { result.rowsChanged = Int(sqlite3_changes64(handle.pointer)) }
        if authorizer.made != nil || authorizer.dropped != nil { noteTemporaryObject(index, of: script) }
        if authorizer.setsSessionPragma { sessionPragmas.append(text.string) }
        return result
    }

    private func cancelled() -> SQLError {
        SQLError(code: "sql.cancelled", "Stopped; what the statement had done is undone.")
    }

    private func compile(_ text: SQLiteText) throws(SQLError) -> OpaquePointer {
        try attachNamedSchemas(text.index, of: text.script)
        var compiled: OpaquePointer?
        let consumed = text.withBytes { bytes in
            let start = UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
            var rest: UnsafePointer<CChar>?
            let status = sqlite3_prepare_v2(handle.pointer, start, Int32(clamping: bytes.count), &compiled, &rest)
            return status == SQLITE_OK ? rest.map { $0 - start } ?? 0 : -1
        }
        guard consumed >= 0, let compiled else {
            sqlite3_finalize(compiled)
            if let refusal = authorizer.refusal { throw refusal }
            throw text.placed(handle.error())
        }
        do throws(SQLError) {
            if let refusal = authorizer.verdict() { throw refusal }
            if !authorizer.unplaced.isEmpty { try placeUnqualifiedReads(text.index, of: text.script) }
            try text.refuseRest(from: consumed)
        } catch {
            sqlite3_finalize(compiled)
            throw error
        }
        return compiled
    }
}
