/// The words that decide what kind of statement one reads.
enum SQLKeyword: UInt8 {
    case attach, begin, cascade, commit, create, database, delete, detach, drop, end, exists, explain, function, `if`
    case insert, merge, not, or, plan, pool, pragma, procedure, query, release, replace, resource, restrict, rollback
    case rule, savepoint, schema, select, start, table, temp, temporary, trigger, update, use, vacuum, values, with

    /// The keyword that a word spells in any case, or nil.
    init?(_ token: SQLToken, in bytes: Span<UInt8>) {
        guard token.kind == .word else { return nil }
        let length = token.end - token.start
        guard length >= 2, length <= 9 else { return nil }
        guard length < 9 else {
            if token.spells("procedure", in: bytes) {
                self = .procedure
            } else if token.spells("savepoint", in: bytes) {
                self = .savepoint
            } else if token.spells("temporary", in: bytes) {
                self = .temporary
            } else {
                return nil
            }
            return
        }
        switch Self.pack(bytes, from: token.start, count: length) {
        case .letters("attach"): self = .attach
        case .letters("begin"): self = .begin
        case .letters("cascade"): self = .cascade
        case .letters("commit"): self = .commit
        case .letters("create"): self = .create
        case .letters("database"): self = .database
        case .letters("delete"): self = .delete
        case .letters("detach"): self = .detach
        case .letters("drop"): self = .drop
        case .letters("end"): self = .end
        case .letters("exists"): self = .exists
        case .letters("explain"): self = .explain
        case .letters("function"): self = .function
        case .letters("if"): self = .`if`
        case .letters("insert"): self = .insert
        case .letters("merge"): self = .merge
        case .letters("not"): self = .not
        case .letters("or"): self = .or
        case .letters("plan"): self = .plan
        case .letters("pool"): self = .pool
        case .letters("pragma"): self = .pragma
        case .letters("query"): self = .query
        case .letters("release"): self = .release
        case .letters("replace"): self = .replace
        case .letters("resource"): self = .resource
        case .letters("restrict"): self = .restrict
        case .letters("rollback"): self = .rollback
        case .letters("rule"): self = .rule
        case .letters("schema"): self = .schema
        case .letters("select"): self = .select
        case .letters("start"): self = .start
        case .letters("table"): self = .table
        case .letters("temp"): self = .temp
        case .letters("trigger"): self = .trigger
        case .letters("update"): self = .update
        case .letters("use"): self = .use
        case .letters("vacuum"): self = .vacuum
        case .letters("values"): self = .values
        case .letters("with"): self = .with
        default: return nil
        }
    }

    /// A word of at most eight bytes as one number, in small letters: keywords are letters alone, and of all bytes only a
    /// letter becomes that small letter when this bit is set.
    @inline(__always)
    private static func pack(_ bytes: Span<UInt8>, from start: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<(start + count) { word = word << 8 | UInt64(bytes[index] | 0x20) }
        return word
    }
}

extension UInt64 {
    /// Up to eight letters as one number.
    @inline(__always)
    fileprivate static func letters(_ word: StaticString) -> UInt64 {
        let start = word.utf8Start
        var number: UInt64 = 0
        for index in 0..<word.utf8CodeUnitCount { number = number << 8 | UInt64(start[index]) }
        return number
    }
}

extension SQLToken {
    /// Whether the token's bytes are `word` in any case; `word` is lower-case ASCII.
    @inline(__always)
    func spells(_ word: StaticString, in bytes: Span<UInt8>) -> Bool {
        guard end - start == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for index in letters.indices where bytes[start + index].lowered != letters[index] { return false }
            return true
        }
    }
}
