import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Values are written as literals that say exactly them")
struct SQLValueTests {
    private func sent(_ sql: String, _ value: SQLValue, _ dialect: SQLDialect) throws -> String {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: dialect)
        var values = SQLValues()
        for placeholder in try script.placeholders() { values[placeholder.source] = value }
        let sending = try #require(try script.sending(0, with: values, as: .literals))
        return String(decoding: sending.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (SQLValue.null, " NULL ", " NULL ", " NULL "), (.bool(true), " TRUE ", " TRUE ", " 1 "),
        (.bool(false), " FALSE ", " FALSE ", " 0 "), (.integer(5), " 5 ", " 5 ", " 5 "),
        (.integer(-5), " (-5) ", " (-5) ", " -5 "),
        (.integer(.min), " (-9223372036854775808) ", " (-9223372036854775808) ", " -9223372036854775808 "),
        (
            .number(0.1), " CAST(0.1 AS DOUBLE PRECISION) ", " CAST(0.1 AS DOUBLE PRECISION) ", " 0.1 "
        ),
        (
            .number(-2), " CAST((-2.0) AS DOUBLE PRECISION) ", " CAST((-2.0) AS DOUBLE PRECISION) ", " -2.0 "
        ),
        (.text("it's"), " 'it''s' ", " 'it''s' ", " 'it''s' "), (.text(""), " '' ", " '' ", " '' "),
        (.text(#"a\'b"#), #" 'a\''b' "#, #" E'a\\''b' "#, #" 'a\''b' "#),
        (.text("'\u{301}; --"), " '''\u{301}; --' ", " '''\u{301}; --' ", " '''\u{301}; --' "),
        (
            .instant(Date(timeIntervalSince1970: 1_772_845_200)), " CAST('2026-03-07 01:00:00' AS DATETIME) ",
            " TIMESTAMP WITH TIME ZONE '2026-03-07 01:00:00+00' ", " '2026-03-07 01:00:00' "
        ),
        (
            .instant(Date(timeIntervalSince1970: -0.25)), " CAST('1969-12-31 23:59:59.750' AS DATETIME) ",
            " TIMESTAMP WITH TIME ZONE '1969-12-31 23:59:59.750+00' ", " '1969-12-31 23:59:59.750' "
        ),
    ])
    func inEveryDialect(_ value: SQLValue, _ blue: String, _ postgres: String, _ sqlite: String) throws {
        for (dialect, expected) in [(SQLDialect.blue, blue), (.postgres, postgres), (.sqlite, sqlite)] {
            #expect(try sent("SELECT-${x}5", value, dialect) == "SELECT-\(expected)5", "\(dialect)")
        }
    }

    @Test func jsonIsText() {
        #expect(SQLValue(["b": [1, nil], "a": "x"]) == .text(#"{"a":"x","b":[1,null]}"#))
        #expect(SQLValue([1, "'"]) == .text(#"[1,"'"]"#))
    }

    @Test func aNULIsRefusedWhereTextsCannotHoldOne() throws {
        for dialect in [SQLDialect.postgres, .blue] {
            let error = try #require(throws: SQLError.self) { try sent("SELECT 1,\n ${x}", .text("a\0b"), dialect) }
            #expect(error.code == "sql.value-nul")
            #expect(error.position == SourcePosition(line: 2, column: 2))
        }
    }

    /// A literal is one value to a lexer that knows nothing of values: a text, a number, a word, or one of the forms around
    /// them. Nothing of it can leave its quotes.
    @Test(arguments: SQLDialect.allCases)
    func noTextLeavesItsQuotes(_ dialect: SQLDialect) throws {
        var soup = SQLSoup(seed: 0x1A57)
        for _ in 0..<4_000 {
            let bytes = soup.script(pieces: 16).filter { $0 != 0 }
            let text = String(decoding: bytes, as: UTF8.self)
            let literal = try SQLValue.text(text).literal(in: dialect)
            let sql = Array("SELECT".utf8) + literal + Array(", 'end' FROM t; SELECT 2".utf8)
            let script = try SQLScript(parsing: sql, dialect: dialect)
            #expect(script.statements.count == 2)
            var words = SQLWords(script.statements[0], of: sql.span, dialect: dialect)
            var kinds: [SQLTokenKind] = []
            while true {
                let token = words.next(in: sql.span)
                kinds.append(token.kind)
                if token.kind == .end { break }
            }
            #expect(kinds == [.word, .string, .symbol, .string, .word, .word, .end], "\(text)")
        }
    }

    @Test func numbersOfParametersAndOffsetsAreThoseOfTheScript() throws {
        let sql = "x; SELECT ${a}, ${long_name}, ${a}5 + ${b.c} FROM"
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .postgres)
        var values = SQLValues()
        for placeholder in try script.placeholders() { values[placeholder.source] = .integer(1) }
        values[.column("c", task: "b")] = .text("v")
        let sending = try #require(try script.sending(1, with: values, as: .parameters(sign: "$")))
        let text = String(decoding: sending.bytes, as: UTF8.self)
        #expect(text == "SELECT $1, $2, $1 5 + $3 FROM")
        #expect(sending.parameters == [.integer(1), .integer(1), .text("v")])
        let statement = Array("SELECT ${a}, ${long_name}, ${a}5 + ${b.c} FROM".utf8)
        func place(_ part: String, in bytes: [UInt8]) -> Int {
            bytes.firstRange(of: Array(part.utf8))?.lowerBound ?? -1
        }
        for part in ["SELECT", "5 +", "FROM"] {
            #expect(sending.statementOffset(of: place(part, in: sending.bytes)) == place(part, in: statement))
        }
        #expect(sending.statementOffset(of: place("$2", in: sending.bytes)) == place("${long_name}", in: statement))
        #expect(sending.shown(column: "$3 || 'x$1' || $1") == "${b.c} || 'x$1' || ${a}")
        #expect(sending.shown(message: #"near "$3": wrong"#) == #"near "${b.c}": wrong"#)
        #expect(try script.sending(0, with: .none, as: .literals) == nil)
    }
}
