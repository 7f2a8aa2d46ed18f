import SluiceCore

/// What the first statements of a script leave behind in its session, and what of it a new session can be given.
///
/// USE and settings are said again. A transaction, temporary objects and the like are not: a script that needs them begins
/// anew. Pure; read from the text alone.
struct SQLSessionState {
    /// What the statements leave behind that cannot be said again, with the statement that made it.
    enum Leftover: Hashable {
        case temporaryObject
        /// In the words of the database, such as `PREPARE`.
        case other(String)
    }

    /// Statements to say again, in order.
    private(set) var replayed: [Int] = []
    /// The statement that opened the transaction now open.
    private(set) var opener: Int?
    private(set) var leftover: (what: Leftover, statement: Int)?

    private let script: SQLScript
    /// The savepoint that opened the transaction, when no BEGIN did (SQLite); its RELEASE commits.
    private var openingSavepoint: String?

    /// - Parameter count: how many of the script's first statements have run.
    init(after count: Int, of script: SQLScript) {
        self.script = script
        for index in 0..<min(count, script.statements.count) { read(index) }
    }

    private mutating func read(_ index: Int) {
        // A copy, so that its bytes may be read while `self` changes.
        let script = script
        let statement = script.statements[index]
        let span = script.bytes.span
        var words = SQLWords(statement, of: span, dialect: script.dialect)
        let first = words.next(in: span)
        switch statement.verb {
        case .use: replayed.append(index)
        case .transaction: readTransaction(index, first, &words, span)
        case .pragma: if Self.setsSession(&words, span) { replayed.append(index) }
        case .create, .createDatabase, .createSchema:
            if makesTemporaryObject(&words, span) { leave(.temporaryObject, index) }
        case .query where statement.traits.contains(.into):
            if selectsIntoTemporary(&words, span) { leave(.temporaryObject, index) }
        case .attach: leave(.other("ATTACH"), index)
        case .other: readOther(index, first, &words, span)
        default: break
        }
        if script.dialect == .postgres, let call = sessionCall(statement, span) { leave(.other(call), index) }
    }

    private mutating func leave(_ what: Leftover, _ index: Int) {
        if leftover == nil { leftover = (what, index) }
    }

    private mutating func readOther(
        _ index: Int, _ first: SQLToken, _ words: inout SQLWords, _ span: Span<UInt8>
    ) {
        if first.spells("abort", in: span) {
            opener = nil
            return
        }
        guard script.dialect != .sqlite else { return }
        if first.spells("set", in: span) || first.spells("reset", in: span) {
            // SET LOCAL and SET TRANSACTION end with their transaction.
            let second = words.next(in: span)
            let isLocal = second.spells("local", in: span) || second.spells("transaction", in: span)
            if !isLocal { replayed.append(index) }
        } else if first.spells("prepare", in: span) {
            if words.next(in: span).spells("transaction", in: span) {
                opener = nil
            } else {
                leave(.other("PREPARE"), index)
            }
        } else if first.spells("declare", in: span) {
            leave(.other("DECLARE"), index)
        } else if first.spells("listen", in: span) {
            leave(.other("LISTEN"), index)
        } else if first.spells("load", in: span), script.dialect == .postgres {
            leave(.other("LOAD"), index)
        }
    }

    // MARK: - Transactions

    private mutating func readTransaction(
        _ index: Int, _ first: SQLToken, _ words: inout SQLWords, _ span: Span<UInt8>
    ) {
        switch SQLKeyword(first, in: span) {
        case .begin, .start: open(index, by: nil)
        case .commit, .end:
            // `COMMIT PREPARED 'x'` is about another transaction.
            let next = words.next(in: span)
            if next.spells("prepared", in: span) { return }
            close(index, behind: next, &words, span)
        case .rollback:
            var next = words.next(in: span)
            if next.spells("prepared", in: span) { return }
            let opening = next
            while next.kind != .end {
                // `ROLLBACK … TO s` goes back and stays inside.
                if next.spells("to", in: span) { return }
                next = words.next(in: span)
            }
            words = SQLWords(script.statements[index], of: span, dialect: script.dialect)
            _ = words.next(in: span)
            _ = words.next(in: span)
            close(index, behind: opening, &words, span)
        case .savepoint:
            let name = words.identifier(words.next(in: span), in: span)
            open(index, by: name?.lowercased() ?? "")
        case .release:
            var token = words.next(in: span)
            if SQLKeyword(token, in: span) == .savepoint { token = words.next(in: span) }
            let name = words.identifier(token, in: span)
            if let openingSavepoint, name?.lowercased() == openingSavepoint { opener = nil }
        default: break
        }
        if opener == nil { openingSavepoint = nil }
    }

    private mutating func open(_ index: Int, by savepoint: String?) {
        guard opener == nil else { return }
        opener = index
        openingSavepoint = savepoint
    }

    /// `COMMIT AND CHAIN` opens the next one at once.
    private mutating func close(_ index: Int, behind token: SQLToken, _ words: inout SQLWords, _ span: Span<UInt8>) {
        var previous = SQLToken(kind: .end, start: 0, end: 0)
        var token = token
        opener = nil
        while token.kind != .end {
            if token.spells("chain", in: span), !previous.spells("no", in: span) { opener = index }
            previous = token
            token = words.next(in: span)
        }
    }

    // MARK: - Temporary objects

    /// `CREATE … TEMP TABLE t`, `CREATE TABLE temp.t`; views, triggers, sequences and functions likewise.
    private func makesTemporaryObject(_ words: inout SQLWords, _ span: Span<UInt8>) -> Bool {
        var token = words.next(in: span)
        while token.kind == .word {
            if let keyword = SQLKeyword(token, in: span), keyword == .temp || keyword == .temporary { return true }
            let isObject = Self.objects.contains { token.spells($0, in: span) }
            token = words.next(in: span)
            if isObject { break }
        }
        if SQLKeyword(token, in: span) == .`if` {
            for _ in 0..<3 { token = words.next(in: span) }
        }
        guard let name = words.identifier(token, in: span)?.lowercased() else { return false }
        return words.next(in: span).kind == .dot && (name == "temp" || name == "pg_temp")
    }

    private static let objects: [StaticString] = [
        "table", "view", "trigger", "index", "sequence", "function", "procedure", "type", "domain",
    ]

    /// `SELECT … INTO TEMP t`.
    private func selectsIntoTemporary(_ words: inout SQLWords, _ span: Span<UInt8>) -> Bool {
        var previous = words.next(in: span)
        while previous.kind != .end {
            let token = words.next(in: span)
            if previous.spells("into", in: span) {
                if token.spells("temp", in: span) || token.spells("temporary", in: span) { return true }
                if token.spells("local", in: span) || token.spells("global", in: span) { return true }
                if token.spells("pg_temp", in: span) { return true }
            }
            previous = token
        }
        return false
    }

    // MARK: - Settings and calls

    /// `PRAGMA name = value`, for a setting that belongs to the session.
    private static func setsSession(_ words: inout SQLWords, _ span: Span<UInt8>) -> Bool {
        var name = words.next(in: span)
        var next = words.next(in: span)
        if next.kind == .dot {
            name = words.next(in: span)
            next = words.next(in: span)
        }
        guard let setting = words.identifier(name, in: span)?.lowercased() else { return false }
        let argument = next.kind == .assignment || next.kind == .openParenthesis ? "" : nil as String?
        if case .allowedForSession = SQLitePragmas.decide(setting, argument: argument) { return true }
        return false
    }

    /// A function that leaves something in the session.
    private func sessionCall(_ statement: SQLStatement, _ span: Span<UInt8>) -> String? {
        var words = SQLWords(statement, of: span, dialect: script.dialect)
        var token = words.next(in: span)
        while token.kind != .end {
            if token.spells("set_config", in: span) { return "set_config" }
            if token.spells("pg_advisory_lock", in: span) { return "pg_advisory_lock" }
            if token.spells("pg_try_advisory_lock", in: span) { return "pg_try_advisory_lock" }
            token = words.next(in: span)
        }
        return nil
    }

    /// The first statement from `index` on that asks for what only the session before knew: the row inserted last, how many
    /// rows have changed.
    static func asksForPast(from index: Int, of script: SQLScript) -> (statement: Int, function: String)? {
        let span = script.bytes.span
        var forgotten: Set<String> = ["last_insert_rowid", "changes", "total_changes", "lastval"]
        for (number, statement) in script.statements.enumerated().dropFirst(index) {
            var words = SQLWords(statement, of: span, dialect: script.dialect)
            var token = words.next(in: span)
            while token.kind != .end {
                let next = words.next(in: span)
                if token.kind == .word, next.kind == .openParenthesis,
                    let name = words.identifier(token, in: span), forgotten.contains(name)
                {
                    return (number, name)
                }
                token = next
            }
            // Now the new session knows some; only what has been counted from the beginning stays wrong.
            if statement.verb == .change { forgotten = ["total_changes"] }
        }
        return nil
    }
}
