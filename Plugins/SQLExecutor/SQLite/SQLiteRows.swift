import CSQLite
import Foundation
import SluiceCore

/// Reads the current row of a running statement.
struct SQLiteRows {
    let statement: OpaquePointer
    let count: Int32

    init(_ statement: OpaquePointer) {
        self.statement = statement
        count = sqlite3_column_count(statement)
    }

    var columns: [String] {
        (0..<count).map { column in sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "" }
    }

    /// About how large the row is, in bytes.
    var size: Int {
        var size = 0
        for column in 0..<count {
            switch sqlite3_column_type(statement, column) {
            // A BLOB is shown with two digits a byte.
            case SQLITE_BLOB: size += 2 * Int(sqlite3_column_bytes(statement, column))
            case SQLITE_TEXT: size += Int(sqlite3_column_bytes(statement, column))
            default: size += 8
            }
        }
        return size
    }

    /// The row's values: integers, numbers, text (repaired where it is not UTF-8), BLOBs as `X'…'`. Infinities, which JSON
    /// does not have, as text.
    ///
    /// - Parameter limit: where to cut text and BLOBs, in bytes.
    func values(limit: Int = .max) -> [JSONValue] {
        (0..<count).map { value($0, limit) }
    }

    private func value(_ column: Int32, _ limit: Int) -> JSONValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT:
            let number = sqlite3_column_double(statement, column)
            return number.isFinite ? .number(number) : .string(number < 0 ? "-Infinity" : "Infinity")
        case SQLITE_TEXT:
            let start = sqlite3_column_text(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            guard let start, count > 0 else { return .string("") }
            guard count > limit else {
                return .string(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
            }
            var end = limit
            while end > 0, start[end] & 0xC0 == 0x80 { end -= 1 }
            return .string(String(decoding: UnsafeBufferPointer(start: start, count: end), as: UTF8.self) + "…")
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            let shown = min(count, limit / 2)
            return .string(
                Self.literal(UnsafeRawBufferPointer(start: start, count: shown)) + (shown < count ? "…" : ""))
        default: return .null
        }
    }

    private static func literal(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text = Array("X'".utf8)
        text.reserveCapacity(2 * bytes.count + 3)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        text.append(UInt8(ascii: "'"))
        return String(decoding: text, as: UTF8.self)
    }
}

/// Binds values to a statement's parameters.
enum SQLiteParameters {
    static func bind(_ parameters: [SQLValue], to statement: OpaquePointer) {
        for (offset, parameter) in parameters.enumerated() {
            let index = Int32(offset + 1)
            switch parameter {
            case .null: sqlite3_bind_null(statement, index)
            case .bool(let value): sqlite3_bind_int64(statement, index, value ? 1 : 0)
            case .integer(let value): sqlite3_bind_int64(statement, index, value)
            case .number(let value): sqlite3_bind_double(statement, index, value)
            case .text(let value): text(value, to: statement, index)
            case .instant(let date): text(SQLValue.text(of: date), to: statement, index)
            }
        }
    }

    private static func text(_ value: String, to statement: OpaquePointer, _ index: Int32) {
        sluice_sqlite3_bind_text(statement, index, value, Int32(clamping: value.utf8.count))
    }
}
