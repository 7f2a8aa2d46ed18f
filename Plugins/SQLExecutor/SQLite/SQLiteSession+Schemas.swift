import CSQLite
import SluiceCore

/// A name that a statement has put before a dot.
struct KnownName {
    /// ASCII letters small.
    var folded: [UInt8]
    var place: Place

    enum Place {
        /// Always there: the current schema, `main`, `temp`.
        case reachable
        /// A schema of the database, in the authorizer's slot of that number when it is attached.
        case schema(String, slot: Int?)
        /// No schema: a table's name or an alias, as far as one knows.
        case absent
    }
}

/// Attaching what a statement names, and only that.
extension SQLiteSession {
    /// Attaches the schemas that the statement names, and those that the session's temporary views name; tells the
    /// authorizer.
    ///
    /// - Throws: ``SQLError`` `sql.too-many-schemas`.
    func attachNamedSchemas(_ index: Int, of script: SQLScript) throws(SQLError) {
        let qualifiers = script.qualifiers(at: index)
        let statement = script.statements[index]
        let isOverall =
            switch statement.verb {
            case .query, .change, .transaction, .create: false
            // ANALYZE, REINDEX, VACUUM and some pragmas go through every attached schema.
            default: true
            }
        if qualifiers.isEmpty, authorizer.temporaryObjects.isEmpty, !isOverall {
            authorizer.start(statement.verb)
            return
        }
        var needed: [Int] = []
        for qualifier in qualifiers {
            let known = try know(qualifier, script)
            if !needed.contains(known) { needed.append(known) }
        }
        if !isOverall {
            for object in authorizer.temporaryObjects {
                for pair in object.pairs {
                    let known = try know(pair.schema)
                    if !needed.contains(known) { needed.append(known) }
                }
            }
        }
        if isOverall { try detach(except: needed) }
        let missing = needed.filter { if case .schema(_, nil) = knownNames[$0].place { true } else { false } }
        if !missing.isEmpty { try attach(missing, needed) }

        authorizer.start(statement.verb)
        for qualifier in qualifiers {
            let known = try know(qualifier, script)
            guard case .schema(_, let slot?) = knownNames[known].place else { continue }
            let object =
                qualifier.objectEnd > qualifier.objectStart
                ? SQLIdentifier.folded(qualifier.objectStart, qualifier.objectEnd, in: script.bytes.span) : []
            authorizer.name(slot, object: object)
        }
    }

    /// Forgets which names are no schemas.
    ///
    /// - Returns: whether there were any.
    func forgetAbsentNames() -> Bool {
        let count = knownNames.count
        knownNames.removeAll { if case .absent = $0.place { true } else { false } }
        return knownNames.count < count
    }

    /// Where the qualifier's name stands in ``knownNames``; looked up in the database's folder at first sight.
    private func know(_ qualifier: SQLQualifier, _ script: SQLScript) throws(SQLError) -> Int {
        let start = Int(qualifier.start)
        let end = Int(qualifier.end)
        let bytes = script.bytes
        // Plain names are compared where they stand; only new ones and quoted ones are copied.
        if bytes[start].isIdentifierPart {
            search: for (index, known) in knownNames.enumerated() where known.folded.count == end - start {
                for offset in 0..<(end - start) where bytes[start + offset].lowered != known.folded[offset] {
                    continue search
                }
                return index
            }
        }
        return try know(SQLIdentifier.folded(start, end, in: bytes.span))
    }

    private func know(_ folded: [UInt8]) throws(SQLError) -> Int {
        if let index = knownNames.firstIndex(where: { $0.folded == folded }) { return index }
        let place: KnownName.Place
        let name = String(decoding: folded, as: UTF8.self)
        if name == "main" || name == "temp" || folded == handle.schema.utf8.map(\.lowered) {
            place = .reachable
        } else if SQLiteName.problem(name, what: .schema) == nil,
            let schema = try root.schema(called: name, in: handle.database)
        {
            place = .schema(schema, slot: nil)
        } else {
            place = .absent
        }
        knownNames.append(KnownName(folded: folded, place: place))
        return knownNames.count - 1
    }

    private func attach(_ missing: [Int], _ needed: [Int]) throws(SQLError) {
        let limit = authorizer.attachments.count
        if authorizer.attachments.count(where: { $0 == nil }) < missing.count { try detach(except: needed) }
        guard authorizer.attachments.count(where: { $0 == nil }) >= missing.count else {
            let place = transactionIsOpen ? "a transaction" : "a statement"
            throw SQLError(
                code: "sql.too-many-schemas",
                "SQLite reaches \(limit) schemas beside the current one in \(place). Take the work apart, or USE one of them."
            )
        }
        authorizer.isOwn = true
        defer { authorizer.isOwn = false }
        for known in missing {
            guard case .schema(let name, nil) = knownNames[known].place,
                let slot = authorizer.attachments.firstIndex(where: { $0 == nil })
            else { continue }
            _ = try handle.text("ATTACH ? AS ?", [root.path(handle.database, name), name])
            authorizer.attachments[slot] = .init(name: name, folded: knownNames[known].folded)
            knownNames[known].place = .schema(name, slot: slot)
            try handle.configure(name, settings.synchronous)
        }
    }

    /// Detaches all other schemas, unless a transaction holds them.
    private func detach(except needed: [Int]) throws(SQLError) {
        guard !transactionIsOpen, authorizer.attachments.contains(where: { $0 != nil }) else { return }
        authorizer.isOwn = true
        defer { authorizer.isOwn = false }
        for index in knownNames.indices where !needed.contains(index) {
            guard case .schema(let name, let slot?) = knownNames[index].place else { continue }
            _ = try handle.text("DETACH ?", [name])
            authorizer.attachments[slot] = nil
            knownNames[index].place = .schema(name, slot: nil)
        }
    }

    // MARK: - Reads that SQLite does not place

    /// Judges reads of an unqualified table without any of its columns (`SELECT count(*) FROM t`): SQLite does not tell the
    /// authorizer in which schema it found such a table.
    func placeUnqualifiedReads(_ index: Int, of script: SQLScript) throws(SQLError) {
        authorizer.isOwn = true
        defer { authorizer.isOwn = false }
        for read in authorizer.unplaced {
            let object = read.object
            if let inside = read.inside, !isDefinedByWith(inside, index, script) {
                // Views and triggers keep to their own schema, except temporary ones.
                guard try holds("temp", inside) else { continue }
            }
            // A view's table shows up here without its view when SQLite merges the two.
            guard try isWritten(object, index, script) else { continue }
            if isDefinedByWith(object, index, script) { continue }
            if try holds("temp", object) { continue }
            if try holds(handle.schema, object) { continue }
            for case let attachment? in authorizer.attachments where try holds(attachment.name, object) {
                throw SQLiteAuthorizer.noSuchTable(object, in: handle.schema, but: attachment.name)
            }
        }
    }

    /// Whether the name stands alone in the statement or in a temporary view.
    private func isWritten(_ object: String, _ index: Int, _ script: SQLScript) throws(SQLError) -> Bool {
        let wanted = object.utf8.map(\.lowered)
        if authorizer.temporaryObjects.contains(where: { $0.words.contains(wanted) }) { return true }
        return loneNames(of: script.statements[index], script).contains(wanted)
    }

    private func loneNames(of statement: SQLStatement, _ script: SQLScript) -> [[UInt8]] {
        let span = script.bytes.span
        var names: [[UInt8]] = []
        var words = SQLWords(statement, of: span, dialect: .sqlite)
        var token = words.next(in: span)
        var isBehindDot = false
        while token.kind != .end {
            if !isBehindDot, token.kind == .word || token.kind == .quotedIdentifier || token.kind == .string {
                names.append(SQLIdentifier.folded(token.start, token.end, in: span))
            }
            isBehindDot = token.kind == .dot
            token = words.next(in: span)
        }
        return names
    }

    /// Remembers a temporary view or trigger that the statement has made, and forgets one that it has dropped.
    func noteTemporaryObject(_ index: Int, of script: SQLScript) {
        if let dropped = authorizer.dropped { authorizer.temporaryObjects.removeAll { $0.name == dropped } }
        guard let made = authorizer.made else { return }
        let span = script.bytes.span
        let pairs = script.qualifiers(at: index).map { qualifier in
            (
                schema: SQLIdentifier.folded(qualifier.start, qualifier.end, in: span),
                object: qualifier.objectEnd > qualifier.objectStart
                    ? SQLIdentifier.folded(qualifier.objectStart, qualifier.objectEnd, in: span) : []
            )
        }
        authorizer.temporaryObjects.removeAll { $0.name == made }
        authorizer.temporaryObjects.append(
            .init(name: made, pairs: pairs, words: loneNames(of: script.statements[index], script)))
    }

    private func holds(_ schema: String, _ object: String) throws(SQLError) -> Bool {
        let table = schema == "temp" ? "sqlite_temp_schema" : SQLiteHandle.quote(schema) + ".sqlite_schema"
        return try handle.text("SELECT 1 FROM \(table) WHERE name = ? COLLATE NOCASE LIMIT 1", [object]) != nil
    }

    /// Whether the statement's WITH defines the name: `name AS (`, `name(…) AS [NOT] MATERIALIZED (`.
    private func isDefinedByWith(_ object: String, _ index: Int, _ script: SQLScript) -> Bool {
        let wanted = object.utf8.map(\.lowered)
        let span = script.bytes.span
        var words = SQLWords(script.statements[index], of: span, dialect: .sqlite)
        var token = words.next(in: span)
        while token.kind != .end {
            guard token.kind == .word || token.kind == .quotedIdentifier,
                SQLIdentifier.folded(token.start, token.end, in: span) == wanted
            else {
                token = words.next(in: span)
                continue
            }
            token = words.next(in: span)
            if token.kind == .openParenthesis {
                while token.kind != .closeParenthesis, token.kind != .end { token = words.next(in: span) }
                token = words.next(in: span)
            }
            guard token.spells("as", in: span) else { continue }
            token = words.next(in: span)
            while token.spells("not", in: span) || token.spells("materialized", in: span) {
                token = words.next(in: span)
            }
            if token.kind == .openParenthesis { return true }
        }
        return false
    }
}
