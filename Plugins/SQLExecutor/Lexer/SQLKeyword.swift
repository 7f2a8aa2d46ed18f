/// The words that decide what kind of statement one reads.
enum SQLKeyword: UInt8 {
    case attach, begin, cascade, commit, create, database, delete, detach, drop, end, exists, explain, function, `if`
    case insert, merge, not, or, plan, pool, pragma, procedure, query, release, replace, resource, restrict, rollback
    case rule, savepoint, schema, select, start, table, temp, temporary, trigger, update, use, vacuum, values, with

    /// The keyword that a word spells in any case, or nil.
    init?(_ token: SQLToken, in bytes: Span<UInt8>) {
        guard token.kind == .word, let found = Self.find(token, in: bytes) else { return nil }
        self = found
    }

    private static func find(_ token: SQLToken, in bytes: Span<UInt8>) -> SQLKeyword? {
        func spells(_ word: StaticString) -> Bool { token.spells(word, in: bytes) }
        switch token.end - token.start {
        case 2: return spells("if") ? .`if` : spells("or") ? .or : nil
        case 3: return spells("use") ? .use : spells("end") ? .end : spells("not") ? .not : nil
        case 4:
            return switch bytes[token.start].lowered {
            case UInt8(ascii: "d"): spells("drop") ? .drop : nil
            case UInt8(ascii: "p"): spells("pool") ? .pool : spells("plan") ? .plan : nil
            case UInt8(ascii: "r"): spells("rule") ? .rule : nil
            case UInt8(ascii: "t"): spells("temp") ? .temp : nil
            case UInt8(ascii: "w"): spells("with") ? .with : nil
            default: nil
            }
        case 5:
            return switch bytes[token.start].lowered {
            case UInt8(ascii: "b"): spells("begin") ? .begin : nil
            case UInt8(ascii: "m"): spells("merge") ? .merge : nil
            case UInt8(ascii: "q"): spells("query") ? .query : nil
            case UInt8(ascii: "s"): spells("start") ? .start : nil
            case UInt8(ascii: "t"): spells("table") ? .table : nil
            default: nil
            }
        case 6:
            return switch bytes[token.start].lowered {
            case UInt8(ascii: "a"): spells("attach") ? .attach : nil
            case UInt8(ascii: "c"): spells("create") ? .create : spells("commit") ? .commit : nil
            case UInt8(ascii: "d"): spells("delete") ? .delete : spells("detach") ? .detach : nil
            case UInt8(ascii: "e"): spells("exists") ? .exists : nil
            case UInt8(ascii: "i"): spells("insert") ? .insert : nil
            case UInt8(ascii: "p"): spells("pragma") ? .pragma : nil
            case UInt8(ascii: "s"): spells("select") ? .select : spells("schema") ? .schema : nil
            case UInt8(ascii: "u"): spells("update") ? .update : nil
            case UInt8(ascii: "v"): spells("values") ? .values : spells("vacuum") ? .vacuum : nil
            default: nil
            }
        case 7:
            return switch bytes[token.start].lowered {
            case UInt8(ascii: "c"): spells("cascade") ? .cascade : nil
            case UInt8(ascii: "e"): spells("explain") ? .explain : nil
            case UInt8(ascii: "r"): spells("replace") ? .replace : spells("release") ? .release : nil
            case UInt8(ascii: "t"): spells("trigger") ? .trigger : nil
            default: nil
            }
        case 8:
            return switch bytes[token.start].lowered {
            case UInt8(ascii: "d"): spells("database") ? .database : nil
            case UInt8(ascii: "f"): spells("function") ? .function : nil
            case UInt8(ascii: "r"):
                spells("rollback") ? .rollback : spells("resource") ? .resource : spells("restrict") ? .restrict : nil
            default: nil
            }
        case 9:
            return spells("savepoint")
                ? .savepoint
                : spells("temporary")
                    ? .temporary
                    : spells("procedure") ? .procedure : nil
        default: return nil
        }
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
