import SluiceCore

extension SQLScript {
    /// What the script needs, known before it runs.
    ///
    /// - Parameters:
    ///   - defaults: what the engine, the connection and the task say; the script's leading `USE` goes on top.
    ///   - names: what `${…}` may name; nil when that is not known.
    /// - Throws: ``SQLError`` `sql.blue-scripting`, `sql.use-malformed`, `sql.not-utf8`, `sql.nul-byte`; of placeholders as
    ///   ``placeholders(at:)`` and ``SQLNames/require(_:of:)``.
    func plan(defaults: SessionDefaults, names: SQLNames? = nil) throws(SQLError) -> TaskPlan {
        try refuseUnsendable()
        let placeholders = try placeholders()
        if let names {
            for placeholder in placeholders { try names.require(placeholder, of: self) }
        }
        var plan = TaskPlan(target: defaults)
        plan.steps = statements.map(\.range)
        let leading = try leadingUses()
        for use in leading {
            plan.target = plan.target.overridden(
                by: SessionOverrides(database: use.database, schema: use.schema, pool: use.pool))
        }
        for statement in statements[leading.count...] where statement.verb == .use {
            if let pool = try use(of: statement)?.pool, !plan.laterPools.contains(pool) { plan.laterPools.append(pool) }
        }
        // Secrets come in script order, so one cursor finds all their places in one pass.
        var cursor = SourceCursor()
        for statement in statements {
            if statement.verb == .query, !statement.traits.contains(.into) {
                plan.warnings.append(
                    PlanWarning(
                        code: "sql.bare-select",
                        message: Self.bareSelect, line: statement.line, column: statement.column))
            }
            if !statement.traits.isDisjoint(with: [.secret, .mayHoldSecret]) {
                for secret in SQLRedactor(dialect: dialect).secrets(
                    in: bytes.span, from: statement.start, to: statement.end)
                {
                    let place = cursor.move(to: secret.lowerBound, in: bytes.span)
                    plan.warnings.append(
                        PlanWarning(
                            code: "sql.secret",
                            message: Self.plainSecret, line: place.line, column: place.column))
                }
            }
        }
        return plan
    }

    private static let bareSelect =
        "Write this SELECT's rows into a table, or take it out: a run keeps only the first \(StepPreview.rowLimit)."
    private static let plainSecret =
        "The script holds a secret in plain text. Everybody who may read the script sees it; "
        + "logs show it as \(SQLSecrets.blank)."

    /// The `USE` statements before the first other one.
    func leadingUses() throws(SQLError) -> [SQLUse] {
        var uses: [SQLUse] = []
        for statement in statements {
            guard let use = try use(of: statement) else { break }
            uses.append(use)
        }
        return uses
    }

    /// Refuses what no database would take as it is meant: Blue Scripting, NUL bytes, text that is not UTF-8.
    func refuseUnsendable() throws(SQLError) {
        for statement in statements {
            // In PostgreSQL `@@` is an operator too, but no statement begins with one.
            guard statement.verb == .scripting || statement.traits.contains(.scripting) && dialect != .postgres else {
                continue
            }
            var words = SQLWords(statement, of: bytes.span, dialect: dialect)
            var token = words.next(in: bytes.span)
            while token.kind != .scripting, token.kind != .end { token = words.next(in: bytes.span) }
            let position = position(of: token.start)
            throw SQLError(
                code: "sql.blue-scripting",
                "Line \(position.line), column \(position.column) has @@, which is Blue Scripting. Only the Workbench "
                    + "understands it; write plain SQL statements instead.", at: position)
        }
        if let nul = bytes.firstIndex(of: 0), let statement = statements.first(where: { $0.end > nul }),
            let inside = bytes[statement.start..<statement.end].firstIndex(of: 0)
        {
            let position = position(of: inside)
            throw SQLError(
                code: "sql.nul-byte",
                "Line \(position.line), column \(position.column) has a NUL byte, at which a database would stop reading. "
                    + "Take it out.", at: position)
        }
        if let bad = firstInvalidByte() {
            let position = position(of: bad)
            throw SQLError(
                code: "sql.not-utf8",
                "Line \(position.line), column \(position.column) is not UTF-8. Save the script as UTF-8.", at: position
            )
        }
    }

    private func firstInvalidByte() -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The error with the secrets of its statement taken out of its words, and its place in the script.
    func redacted(_ error: SQLError, of index: Int) -> SQLError {
        let statement = statements[index]
        var error = error
        if error.position == nil, let offset = error.statementOffset {
            error.position = position(of: statement.start + offset)
        }
        if let secrets = secrets(of: statement) { error.message = secrets.redact(message: error.message) }
        return error
    }

    /// The result with the secrets of its statement taken out of its columns' names and its preview.
    func redacted(_ result: SQLResult, of index: Int) -> SQLResult {
        let secrets = secrets(of: statements[index])
        var result = result
        for column in result.columns.indices {
            // SQLite calls a column without a name as its expression is written, and a table or view made of it keeps that.
            if result.columns[column].utf8.contains(where: { $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\"") }) {
                result.columns[column] = SQLRedactor(dialect: dialect).redact(result.columns[column])
            }
            if let secrets { result.columns[column] = secrets.redact(expression: result.columns[column]) }
        }
        if let secrets {
            for row in result.preview.indices {
                for column in result.preview[row].indices where secrets.hold(result.preview[row][column]) {
                    result.preview[row][column] = .string(SQLSecretLiterals.blankValue)
                }
            }
        }
        return result
    }

    private func secrets(of statement: SQLStatement) -> SQLSecretLiterals? {
        guard !statement.traits.isDisjoint(with: [.secret, .mayHoldSecret]) else { return nil }
        let ranges = SQLRedactor(dialect: dialect).secrets(in: bytes.span, from: statement.start, to: statement.end)
        return ranges.isEmpty ? nil : SQLSecretLiterals(ranges.map { String(decoding: bytes[$0], as: UTF8.self) })
    }
}
