import Foundation

/// Registered secrets in all the forms in which they may be printed, found by their first two bytes.
struct SecretPatterns: Sendable {
    /// For each first byte whether a pattern begins with it.
    private(set) var beginsWith = [Bool](repeating: false, count: 256)
    /// One bit for each pair of first bytes, so that most texts need no look into the dictionary.
    private var pairs = [UInt64](repeating: 0, count: 1_024)
    /// The patterns of a pair, the longest first.
    private var patterns: [UInt16: [[UInt8]]] = [:]
    private(set) var isEmpty = true

    init(_ secrets: [String]) {
        var all: Set<[UInt8]> = []
        for secret in secrets {
            let lines = secret.split(whereSeparator: \.isNewline)
            if lines.count > 1 {
                for line in lines where line.utf8.count >= 8 { all.formUnion(Self.forms(of: Array(line.utf8))) }
            } else if let line = lines.first {
                all.formUnion(Self.forms(of: Array(line.utf8)))
            }
        }
        for pattern in all.sorted(by: { $0.count > $1.count }) {
            isEmpty = false
            let pair = Self.pair(pattern[0], pattern[1])
            beginsWith[Int(pattern[0])] = true
            pairs[Int(pair) / 64] |= 1 << UInt64(pair % 64)
            patterns[pair, default: []].append(pattern)
        }
    }

    /// How many bytes of a secret stand from `index` on; nil for none.
    @inline(__always)
    func match(at index: Int, in bytes: Span<UInt8>) -> Int? {
        guard index + SecretRedactor.shortestSecret <= bytes.count else { return nil }
        let pair = Self.pair(bytes[index], bytes[index + 1])
        guard pairs[Int(pair) / 64] & (1 << UInt64(pair % 64)) != 0 else { return nil }
        return longest(of: pair, at: index, in: bytes)
    }

    private func longest(of pair: UInt16, at index: Int, in bytes: Span<UInt8>) -> Int? {
        search: for pattern in patterns[pair] ?? [] where index + pattern.count <= bytes.count {
            for place in 2..<pattern.count where pattern[place] != bytes[index + place] { continue search }
            return pattern.count
        }
        return nil
    }

    private static func pair(_ first: UInt8, _ second: UInt8) -> UInt16 { UInt16(first) << 8 | UInt16(second) }

    /// The secret itself, encoded for a URL with large and small hexadecimal digits and with `+` for a blank, with JSON's
    /// escapes, and in base64.
    private static func forms(of secret: [UInt8]) -> Set<[UInt8]> {
        guard secret.count >= SecretRedactor.shortestSecret else { return [] }
        var forms: Set<[UInt8]> = [secret]
        for digits in ["0123456789ABCDEF", "0123456789abcdef"] {
            let digits = Array(digits.utf8)
            var encoded: [UInt8] = []
            for byte in secret {
                // RFC 3986, 2.3.
                if SecretNames.isPart(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~") {
                    encoded.append(byte)
                } else {
                    encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
            forms.insert(encoded)
            forms.insert(Array(String(decoding: encoded, as: UTF8.self).replacing("%20", with: "+").utf8))
        }
        let text = String(decoding: secret, as: UTF8.self)
        forms.insert(Array(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").utf8))
        for shift in 0..<3 {
            let whole = Array(Data(Array(repeating: 0, count: shift) + secret).base64EncodedString().utf8)
            // The first characters hold bits of what stands before, the last ones of what follows.
            let first = shift == 0 ? 0 : shift + 1
            let last = (shift + secret.count) * 8 / 6
            let inner = Array(whole[first..<last])
            // Of a short secret little is left, which may stand anywhere.
            guard inner.count >= (shift == 0 ? 5 : 8) else { continue }
            forms.insert(inner)
            forms.insert(
                inner.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                })
            if shift == 0 { forms.insert(whole) }
        }
        return forms
    }
}
