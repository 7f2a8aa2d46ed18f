import Foundation

/// Reads a line that ``JournalLine`` wrote, from left to right.
struct JournalReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// Goes past `text` if it stands here.
    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count,
            memcmp(bytes.baseAddress! + position, text.utf8Start, count) == 0
        else { return false }
        position += count
        return true
    }

    mutating func integer() -> Int64? {
        let start = position
        var value: Int64 = 0
        let isNegative = position < bytes.count && bytes[position] == 0x2D
        if isNegative { position += 1 }
        let digits = position
        while position < bytes.count, case let digit = bytes[position], (0x30...0x39).contains(digit) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards when negative, since the least number has no positive twin.
            let unit = Int64(digit - 0x30)
            let (next, carry) =
                isNegative ? tenfold.subtractingReportingOverflow(unit) : tenfold.addingReportingOverflow(unit)
            guard !overflow, !carry else {
                position = start
                return nil
            }
            value = next
            position += 1
        }
        return position > digits ? value : nil
    }

    /// A text in quotes.
    mutating func string() -> String? {
        guard position < bytes.count, bytes[position] == 0x22 else { return nil }
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != 0x22, bytes[position] != 0x5C { position += 1 }
        guard position < bytes.count else { return nil }
        if bytes[position] == 0x22 {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        return unescaped(Array(bytes[start..<position]))
    }

    /// What remains but for the closing brace, as a value's JSON.
    mutating func rest<Value: Decodable>(_ type: Value.Type) -> Value? {
        guard position < bytes.count - 1 else { return nil }
        let data = Data(bytes[position..<(bytes.count - 1)])
        position = bytes.count - 1
        // A line is good or it is not; why it is not helps nobody.
        return try? JSONDecoder().decode(type, from: data)
    }

    /// A text that holds escapes; `head` is what stands before the first one.
    private mutating func unescaped(_ head: [UInt8]) -> String? {
        var text = head
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case 0x22: return String(decoding: text, as: UTF8.self)
            case 0x5C:
                guard position < bytes.count else { return nil }
                let escape = bytes[position]
                position += 1
                switch escape {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "u"):
                    // Only control characters are written so.
                    guard position + 4 <= bytes.count,
                        let value = UInt8(String(decoding: bytes[position..<(position + 4)], as: UTF8.self), radix: 16)
                    else { return nil }
                    text.append(value)
                    position += 4
                default: text.append(escape)
                }
            default: text.append(byte)
            }
        }
        return nil
    }
}
