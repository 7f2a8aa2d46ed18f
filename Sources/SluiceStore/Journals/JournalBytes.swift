import Foundation

/// A growing buffer of JSON text, kept and used again for every line.
///
/// Hand-written because a journal takes two entries for every statement of a script: a general encoder costs more than
/// the statements themselves.
struct JournalBytes: ~Copyable {
    private(set) var base = UnsafeMutablePointer<UInt8>.allocate(capacity: 512)
    private var capacity = 512
    private(set) var count = 0

    /// Largest buffer that is kept between lines, in bytes.
    private static let keptCapacity = 64 * 1_024

    deinit { base.deallocate() }

    /// Empties the buffer.
    mutating func reset() {
        count = 0
        guard capacity > Self.keptCapacity else { return }
        base.deallocate()
        capacity = 512
        base = .allocate(capacity: capacity)
    }

    mutating func append(_ text: StaticString) {
        reserve(text.utf8CodeUnitCount)
        (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        reserve(bytes.count)
        for byte in bytes {
            base[count] = byte
            count += 1
        }
    }

    mutating func append(_ number: Int64) {
        reserve(20)
        if number < 0 {
            base[count] = 0x2D
            count += 1
        }
        var rest = number.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, rest >= bound {
            digits += 1
            bound *= 10
        }
        if digits == 19, rest >= bound { digits = 20 }
        for place in stride(from: count + digits - 1, through: count, by: -1) {
            base[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func append(_ number: Int) { append(Int64(number)) }

    /// Text in quotes, with everything escaped that JSON wants escaped.
    mutating func append(quoted text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count + 2)
            base[count] = 0x22
            count += 1
            var position = 0
            while position < bytes.count {
                let plain = Self.plainLength(bytes, from: position)
                if plain > 0 {
                    reserve(plain + 8)
                    (base + count).update(from: bytes.baseAddress! + position, count: plain)
                    count += plain
                    position += plain
                }
                if position < bytes.count {
                    escape(bytes[position])
                    position += 1
                }
            }
            reserve(1)
            base[count] = 0x22
            count += 1
        }
    }

    private mutating func escape(_ byte: UInt8) {
        reserve(6)
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            for nibble in [byte >> 4, byte & 0xF] {
                base[count] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
                count += 1
            }
        }
    }

    /// How many bytes from `start` on need no escape, eight at a time.
    private static func plainLength(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var position = start
        let raw = UnsafeRawPointer(bytes.baseAddress!)
        while position + 8 <= bytes.count {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            // The top bit of a byte is set where the byte is below 0x20, a quote or a backslash; bytes from 0x80 on
            // are masked out. A borrow may mark the byte after a hit too, but never one before: the first is exact.
            let control = (word &- ones &* 0x20)
            let quote = (word ^ (ones &* 0x22)) &- ones
            let backslash = (word ^ (ones &* 0x5C)) &- ones
            let hits = (control | quote | backslash) & ~word & tops
            if hits != 0 { return position + hits.trailingZeroBitCount / 8 - start }
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            position += 1
        }
        return position - start
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
    }
}
