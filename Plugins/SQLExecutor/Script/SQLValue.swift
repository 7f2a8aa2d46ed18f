import Foundation
import SluiceCore

/// A value that a statement is sent with.
public enum SQLValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    /// Text; a list or an object as its JSON.
    case text(String)
    case instant(Date)

    public init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .integer(let value): .integer(value)
            case .number(let value): .number(value)
            case .string(let value): .text(value)
            case .array, .object: .text(value.canonicalText)
            }
    }

    /// How large the value is, in bytes of UTF-8.
    var size: Int {
        if case .text(let text) = self { text.utf8.count } else { 8 }
    }

    /// The value as SQL text that reads as this value wherever a value may stand. It begins and ends with a blank, so that
    /// it never merges with what it stands beside: `5-${x}` with -3 must not become a comment.
    ///
    /// - Throws: ``SQLError`` `sql.value-nul` for text with a NUL where the dialect has no way to write one.
    func literal(in dialect: SQLDialect) throws(SQLError) -> [UInt8] {
        switch self {
        case .null: return Array(" NULL ".utf8)
        case .bool(let value):
            return Array((dialect == .sqlite ? value ? " 1 " : " 0 " : value ? " TRUE " : " FALSE ").utf8)
        case .integer(let value):
            return Array(" \(Self.signed("\(value)", dialect)) ".utf8)
        case .number(let value):
            // JSON has neither infinity nor not-a-number.
            let number = Self.signed("\(value)", dialect)
            return Array((dialect == .sqlite ? " \(number) " : " CAST(\(number) AS DOUBLE PRECISION) ").utf8)
        case .text(let text):
            return [0x20] + (try Self.quoted(text, dialect)) + [0x20]
        case .instant(let date):
            let text = Self.text(of: date)
            return switch dialect {
            case .sqlite: Array(" '\(text)' ".utf8)
            case .postgres: Array(" TIMESTAMP WITH TIME ZONE '\(text)+00' ".utf8)
            case .blue: Array(" CAST('\(text)' AS DATETIME) ".utf8)
            }
        }
    }

    /// A negative number in parentheses, because PostgreSQL reads `-5::text` as `-(5::text)`; SQLite, whose minus binds more
    /// tightly, takes no parentheses in pragmas and defaults.
    private static func signed(_ number: String, _ dialect: SQLDialect) -> String {
        number.hasPrefix("-") && dialect != .sqlite ? "(\(number))" : number
    }

    /// Text in quotes, byte for byte, whatever it holds.
    ///
    /// Bytes, not characters: to Swift a quote with a combining accent behind it is another character than a quote, to a
    /// database it is a quote.
    private static func quoted(_ text: String, _ dialect: SQLDialect) throws(SQLError) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        let backslash = UInt8(ascii: "\\")
        let bytes = Array(text.utf8)
        var literal: [UInt8] = []
        literal.reserveCapacity(bytes.count + 64)
        if bytes.contains(0) {
            guard dialect == .sqlite else {
                throw SQLError(
                    code: "sql.value-nul", "The text holds a NUL character, which this database's texts cannot hold.")
            }
            // SQLite's texts may hold a NUL, and its statements may not. Joining with `||` would nest as deep as there are
            // NULs, and a CAST from a BLOB would read it in the file's encoding.
            let stand = Array(String(unused(in: text)).utf8)
            literal += Array("replace('".utf8)
            for byte in bytes { literal += byte == 0 ? stand : byte == quote ? [quote, quote] : [byte] }
            return literal + Array("', '".utf8) + stand + Array("', char(0))".utf8)
        }
        // Reads the same whatever the session's standard_conforming_strings says (PostgreSQL, PQescapeLiteral).
        let escapes = dialect == .postgres && bytes.contains(backslash)
        if escapes { literal.append(UInt8(ascii: "E")) }
        literal.append(quote)
        for byte in bytes {
            literal.append(byte)
            if byte == quote || escapes && byte == backslash { literal.append(byte) }
        }
        literal.append(quote)
        return literal
    }

    /// A character of the private use areas that the text does not hold.
    private static func unused(in text: String) -> Unicode.Scalar {
        let used = Set(text.unicodeScalars)
        // 64 kB hold at most 16,384 characters of plane 15, which has 65,534.
        for number in UInt32(0xF0000)...0xFFFFD {
            if let scalar = Unicode.Scalar(number), !used.contains(scalar) { return scalar }
        }
        preconditionFailure("a text of at most \(DefinitionLimits.value) bytes uses every private character")
    }

    /// `2026-03-07 01:30:00`, in UTC, with milliseconds where there are any: SQLite's own form, which compares with what its
    /// `datetime()` answers, and which all dialects read.
    static func text(of date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded()
        let seconds = (milliseconds / 1_000).rounded(.down)
        let text = Date(timeIntervalSince1970: seconds).formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt).year().month().day()
                .time(includingFractionalSeconds: false))
        let fraction = Int(milliseconds - seconds * 1_000)
        return fraction == 0 ? text : text + "." + String(String(1_000 + fraction).dropFirst())
    }
}
