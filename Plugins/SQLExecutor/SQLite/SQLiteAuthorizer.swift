import CSQLite
import Foundation
import SluiceCore

/// Decides what a statement may reach, while SQLite compiles it.
///
/// SQLite looks for an unqualified name in the current schema and then in every attached one. So a schema that the
/// statement does not name is refused here, and so is an object of a named one that the statement means by an unqualified
/// name: `DELETE FROM t WHERE id IN (SELECT id FROM public.u)` never reaches `public.t`.
///
/// What the statement writes with its schema is a *pair*. An access to an attached schema is right when it is to a pair.
/// SQLite also reports accesses that follow from a right one (parents and cascades of foreign keys, what views and triggers do,
/// the shadow tables of a full-text index); whether there was a right one is known only when the statement is compiled,
/// so these are collected and judged by ``verdict()``.
final class SQLiteAuthorizer {
    /// A schema attached at the moment.
    struct Attachment {
        /// As its file is called.
        var name: String
        /// Its name's bytes, ASCII letters small.
        var folded: [UInt8]
    }

    /// A view or trigger of the session, which unlike others may reach several schemas.
    struct TemporaryObject {
        var name: [UInt8]
        /// What its definition writes with a schema.
        var pairs: [(schema: [UInt8], object: [UInt8])]
        /// Every name in its definition that stands alone.
        var words: [[UInt8]]
    }

    /// By slot; nil where none is attached.
    var attachments = [Attachment?](repeating: nil, count: 10)
    /// The current schema, for messages.
    var schema = ""
    /// The session's temporary views and triggers.
    var temporaryObjects: [TemporaryObject] = []
    /// Lets through what the session itself does.
    var isOwn = false

    private var verb = SQLVerb.other
    /// Slots of the schemas that the statement names.
    private var named: UInt32 = 0
    private var pairs: [(slot: Int, object: [UInt8])] = []
    /// Slots in which the statement changes rows, defines, or reads an object that it names with its schema.
    private var changed: UInt32 = 0
    private var defined: UInt32 = 0
    private var read: UInt32 = 0
    private var followers: [Follower] = []
    /// Names read without a schema and without a column, of which SQLite does not say where it found them.
    private(set) var unplaced: [Unplaced] = []
    /// The slot of a schema that is not named and whose own tables the statement touches: what for shows the next access.
    private var touched: Int?
    /// Whether the statement is compiled and running: a new compilation, after the schema changed under it, is judged at once.
    var isRunning = false
    /// Whether the statement sets a pragma that belongs to the connection.
    private(set) var setsSessionPragma = false
    /// The temporary view or trigger that the statement makes, and the one that it drops.
    private(set) var made: [UInt8]?
    private(set) var dropped: [UInt8]?
    private(set) var refusal: SQLError?

    struct Unplaced {
        var object: String
        /// The view, trigger or WITH table in which the name stands.
        var inside: String?
    }

    private struct Follower {
        var slot: Int
        var object: String
        var access: Access
        var inside: [UInt8]?
    }

    private enum Access { case read, change, define, create }

    /// Gets ready for a statement.
    func start(_ verb: SQLVerb) {
        self.verb = verb
        isRunning = false
        setsSessionPragma = false
        refusal = nil
        touched = nil
        made = nil
        dropped = nil
        changed = 0
        defined = 0
        read = 0
        if named != 0 { named = 0 }
        if !pairs.isEmpty { pairs.removeAll(keepingCapacity: true) }
        if !followers.isEmpty { followers.removeAll() }
        if !unplaced.isEmpty { unplaced.removeAll() }
        for object in temporaryObjects {
            for pair in object.pairs {
                if let slot = attachments.firstIndex(where: { $0?.folded == pair.schema }) { name(slot, object: []) }
            }
        }
    }

    /// The statement names the schema in `slot`, before `object`.
    func name(_ slot: Int, object: [UInt8]) {
        named |= 1 << UInt32(slot)
        if !object.isEmpty { pairs.append((slot, object)) }
    }

    func isNamed(_ slot: Int) -> Bool { named & (1 << UInt32(slot)) != 0 }

    /// Installs the authorizer; it must outlive the connection.
    func install(on connection: OpaquePointer) {
        sqlite3_set_authorizer(
            connection,
            { context, code, first, second, schema, inside in
                Unmanaged<SQLiteAuthorizer>.fromOpaque(context!).takeUnretainedValue()
                    .decide(code, first, second, schema, inside)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    // MARK: - One access

    private typealias Words = UnsafePointer<CChar>?

    private func decide(_ code: Int32, _ first: Words, _ second: Words, _ schema: Words, _ inside: Words) -> Int32 {
        if isOwn { return SQLITE_OK }
        switch code {
        case SQLITE_SELECT, SQLITE_TRANSACTION, SQLITE_SAVEPOINT, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_READ:
            // Without a column SQLite passes the schema as it is written, and so only when it is written.
            return access(.read, first, schema, inside, isWritten: second.map { $0[0] == 0 } ?? false)
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE: return access(.change, first, schema, inside)
        case SQLITE_FUNCTION: return function(second)
        case SQLITE_PRAGMA: return pragma(first, second)
        case SQLITE_ATTACH, SQLITE_DETACH:
            // VACUUM builds the new file in an attached one without a name; VACUUM INTO gives it one.
            if verb == .vacuum, code == SQLITE_ATTACH, let first, first[0] == 0 { return SQLITE_OK }
            let what = verb == .vacuum ? "VACUUM INTO" : code == SQLITE_ATTACH ? "ATTACH" : "DETACH"
            return refuse(
                "sql.refused",
                "\(what) is not for scripts: a script reaches the schemas of its database, by their names.")
        case SQLITE_ALTER_TABLE: return access(.define, second, first, nil)
        // What CREATE TABLE … AS reads follows from nothing.
        case SQLITE_CREATE_TEMP_VIEW, SQLITE_CREATE_TEMP_TRIGGER:
            made = Self.folded(first)
            return SQLITE_OK
        case SQLITE_DROP_TEMP_VIEW, SQLITE_DROP_TEMP_TRIGGER:
            dropped = Self.folded(first)
            return SQLITE_OK
        case SQLITE_CREATE_TABLE, SQLITE_CREATE_VIEW: return access(.create, first, schema, inside)
        default: return access(.define, first, schema, inside)
        }
    }

    private func function(_ name: Words) -> Int32 {
        guard let name, SQLiteAuthorizer.equal(name, "load_extension") else { return SQLITE_OK }
        return refuse("sql.refused", "Scripts may not load extensions.")
    }

    private func pragma(_ name: Words, _ argument: Words) -> Int32 {
        let name = name.map { String(cString: $0).lowercased() } ?? ""
        switch SQLitePragmas.decide(name, argument: argument.map { String(cString: $0) }) {
        case .allowed: return SQLITE_OK
        case .allowedForSession:
            setsSessionPragma = true
            return SQLITE_OK
        case .refused(let reason): return refuse("sql.refused", reason)
        }
    }

    private func access(
        _ access: Access, _ object: Words, _ schema: Words, _ inside: Words, isWritten written: Bool = false
    ) -> Int32 {
        guard let schema else {
            if access == .read, let object, attachments.contains(where: { $0 != nil }) {
                unplaced.append(
                    Unplaced(object: String(cString: object), inside: inside.map { String(cString: $0) }))
            }
            return SQLITE_OK
        }
        guard let slot = slot(of: schema) else { return SQLITE_OK }
        guard let object else { return isNamed(slot) ? SQLITE_OK : refuse(nil, slot) }
        let isInternal = Self.isInternal(object)
        guard isNamed(slot) else {
            if !isInternal || isRunning { return refuse(object, slot) }
            touched = slot
            return SQLITE_OK
        }
        if isInternal { return SQLITE_OK }
        let inner = Self.folded(inside)
        let isPair = written || pairs.contains { $0.slot == slot && Self.equal(object, $0.object) }
        // What a trigger changes it does not change because the statement names the table elsewhere.
        if isPair, inner == nil || access == .read {
            mark(access, slot)
            return SQLITE_OK
        }
        if access == .read, let inner, isWritten(object, slot, in: inner) {
            mark(.read, slot)
            return SQLITE_OK
        }
        let follower = Follower(slot: slot, object: String(cString: object), access: access, inside: inner)
        if isRunning { return follows(follower) ? SQLITE_OK : refuse(object, slot) }
        followers.append(follower)
        return SQLITE_OK
    }

    /// Whether a read inside a view is what its name or its definition says: the statement writes the view with its schema,
    /// or the view is a temporary one that writes the table with its.
    private func isWritten(_ object: UnsafePointer<CChar>, _ slot: Int, in inner: [UInt8]) -> Bool {
        if pairs.contains(where: { $0.slot == slot && $0.object == inner }) { return true }
        guard let view = temporaryObjects.first(where: { $0.name == inner }), let schema = attachments[slot]?.folded
        else {
            return false
        }
        return view.pairs.contains { $0.schema == schema && Self.equal(object, $0.object) }
    }

    private func mark(_ access: Access, _ slot: Int) {
        switch access {
        case .read: read |= 1 << UInt32(slot)
        case .change: changed |= 1 << UInt32(slot)
        case .define: defined |= 1 << UInt32(slot)
        case .create: break
        }
    }

    /// What is wrong with the compiled statement, or nil.
    func verdict() -> SQLError? {
        if refusal == nil, let wrong = followers.first(where: { !follows($0) }) { _ = refuse(wrong.object, wrong.slot) }
        if refusal == nil, let touched { _ = refuse(nil, touched) }
        return refusal
    }

    /// Whether an access that is to no pair follows from one that is.
    private func follows(_ follower: Follower) -> Bool {
        let bit: UInt32 = 1 << UInt32(follower.slot)
        let bytes = Array(follower.object.utf8)
        let isShadow = pairs.contains { pair in
            pair.slot == follower.slot && bytes.count > pair.object.count + 1
                && bytes[pair.object.count] == UInt8(ascii: "_")
                && zip(bytes, pair.object).allSatisfy { $0.lowered == $1 }
        }
        if isShadow { return true }
        // A temporary object's unqualified names are not to be found in other schemas.
        if let inside = follower.inside, temporaryObjects.contains(where: { $0.name == inside }) { return false }
        switch follower.access {
        case .read: return (changed | defined | (follower.inside != nil ? read : 0)) & bit != 0
        case .change, .define, .create: return (changed | defined) & bit != 0
        }
    }

    // MARK: - Refusing

    private func refuse(_ object: UnsafePointer<CChar>, _ slot: Int) -> Int32 { refuse(String(cString: object), slot) }

    private func refuse(_ object: String?, _ slot: Int) -> Int32 {
        let other = attachments[slot]?.name ?? ""
        guard let object else {
            return refuse("sql.no-such-table", "The statement reaches schema \(other) without naming it.")
        }
        return refuse(Self.noSuchTable(object, in: schema, but: other))
    }

    private func refuse(_ code: String, _ message: String) -> Int32 { refuse(SQLError(code: code, message)) }

    private func refuse(_ error: SQLError) -> Int32 {
        if refusal == nil { refusal = error }
        return SQLITE_DENY
    }

    /// The error for an unqualified name that only another schema has.
    static func noSuchTable(_ object: String, in schema: String, but other: String) -> SQLError {
        SQLError(
            code: "sql.no-such-table",
            "no such table: \(object) in schema \(schema); schema \(other) has one: write \(other).\(object) to mean that."
        )
    }

    // MARK: - Names

    private func slot(of schema: UnsafePointer<CChar>) -> Int? {
        for (slot, attachment) in attachments.enumerated() {
            if let attachment, Self.equal(schema, attachment.folded) { return slot }
        }
        return nil
    }

    /// SQLite's own tables, which no statement changes directly (defensive mode).
    private static func isInternal(_ object: UnsafePointer<CChar>) -> Bool {
        let prefix: StaticString = "sqlite_"
        return prefix.withUTF8Buffer { letters in
            for (index, letter) in letters.enumerated() where UInt8(bitPattern: object[index]).lowered != letter {
                return false
            }
            return true
        }
    }

    private static func folded(_ words: Words) -> [UInt8]? {
        guard let words else { return nil }
        return (0..<strlen(words)).map { UInt8(bitPattern: words[$0]).lowered }
    }

    private static func equal(_ words: UnsafePointer<CChar>, _ folded: [UInt8]) -> Bool {
        for (index, letter) in folded.enumerated() where UInt8(bitPattern: words[index]).lowered != letter {
            return false
        }
        return words[folded.count] == 0
    }

    private static func equal(_ words: UnsafePointer<CChar>, _ folded: StaticString) -> Bool {
        folded.withUTF8Buffer { letters in
            for (index, letter) in letters.enumerated() where UInt8(bitPattern: words[index]).lowered != letter {
                return false
            }
            return words[letters.count] == 0
        }
    }
}
