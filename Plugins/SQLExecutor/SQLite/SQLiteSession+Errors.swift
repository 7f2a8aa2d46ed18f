import CSQLite
import SluiceCore

/// SQLite's errors, with the place in the script and what to do.
extension SQLiteSession {
    /// Adds to an error of a statement what SQLite does not say.
    func explained(_ error: SQLError, _ text: SQLiteText) -> SQLError {
        let index = text.index
        let script = text.script
        var error = error
        if let offset = error.statementOffset {
            error.position = script.position(of: script.statements[index].start + offset)
        }
        guard error.code == "sql.error" || error.code == "sql.no-such-table" else { return error }
        let marker = "no such table: "
        guard error.message.hasPrefix(marker) else { return error }
        // SQLite itself says `reporting.t` where only the current schema comes into question.
        var object = String(error.message.dropFirst(marker.count).prefix { $0 != ";" })
            .replacing(" in schema \(handle.schema)", with: "")
        if object.hasPrefix(handle.schema + ".") { object.removeFirst(handle.schema.count + 1) }
        if error.code == "sql.error" {
            error.code = "sql.no-such-table"
            if !object.contains(".") {
                error.message = "\(marker)\(object) in schema \(handle.schema)"
                let others = schemasHolding(object)
                if !others.isEmpty {
                    let names = others.map { "\($0).\(object)" }.joined(separator: " or ")
                    error.message += "; there is \(names): write the schema before the name."
                }
            }
        }
        if error.position == nil, let place = place(of: object, index, script) { error.position = place }
        return error
    }

    /// Where the statement first writes the name.
    private func place(of object: String, _ index: Int, _ script: SQLScript) -> SourcePosition? {
        let wanted = Array((object.split(separator: ".").last.map(String.init) ?? object).utf8).map(\.lowered)
        let span = script.bytes.span
        var words = SQLWords(script.statements[index], of: span, dialect: .sqlite)
        var token = words.next(in: span)
        while token.kind != .end {
            if token.kind == .word || token.kind == .quotedIdentifier,
                SQLIdentifier.folded(token.start, token.end, in: span) == wanted
            {
                return script.position(of: token.start)
            }
            token = words.next(in: span)
        }
        return nil
    }

    /// The other schemas of the database that have a table or view of this name; a few are looked at.
    private func schemasHolding(_ object: String) -> [String] {
        guard let schemas = try? root.schemas(of: handle.database) else { return [] }
        return schemas.prefix(32).filter { schema in
            guard schema != handle.schema else { return false }
            // A hint only: a schema that cannot be read now is left out of it.
            guard
                let other = try? SQLiteHandle(
                    settings, database: handle.database, schema: schema, cancellation: cancellation)
            else { return false }
            defer { other.close() }
            let sql = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE"
            return (try? other.text(sql, [object])) == "1"
        }
    }
}
