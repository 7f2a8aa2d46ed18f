/// Names whose values are secrets: `password`, `AWS_SECRET_ACCESS_KEY`, `x-api-key`.
enum SecretNames {
    static func isSecret(_ name: String) -> Bool {
        var name = name
        name.makeContiguousUTF8()
        let bytes = name.utf8.span
        return isSecret(0..<bytes.count, in: bytes)
    }

    /// Whether the name ends in one of the words; `_`, `-` and nothing are the same between two words. Most names are
    /// told by their last letter. The words are those by which SQL's secrets are found.
    static func isSecret(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        guard range.count >= 3, range.count <= 128 else { return false }
        func ends(_ word: StaticString) -> Bool { Self.ends(range, with: word, in: bytes) }
        switch bytes[range.upperBound - 1] | 0x20 {
        case UInt8(ascii: "d"):
            return ends("password") || ends("passwd") || ends("pwd") || ends("awsid") || ends("accesskeyid")
        case UInt8(ascii: "t"): return ends("secret")
        case UInt8(ascii: "n"): return ends("token") || ends("authorization")
        case UInt8(ascii: "e"): return ends("passphrase")
        case UInt8(ascii: "y"):
            return ends("secretkey") || ends("accesskey") || ends("apikey") || ends("privatekey")
                || ends("accountkey") || ends("awskey")
        case UInt8(ascii: "s"): return ends("credentials")
        default: return false
        }
    }

    /// Whether the name is this word and nothing more.
    static func isExactly(_ word: StaticString, _ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        range.count == word.utf8CodeUnitCount && ends(range, with: word, in: bytes)
    }

    private static func ends(_ range: Range<Int>, with word: StaticString, in bytes: Span<UInt8>) -> Bool {
        var index = range.upperBound
        var letter = word.utf8CodeUnitCount
        while letter > 0 {
            guard index > range.lowerBound else { return false }
            index -= 1
            let byte = bytes[index]
            if byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") { continue }
            letter -= 1
            guard byte | 0x20 == word.utf8Start[letter] else { return false }
        }
        return true
    }

    /// Whether the byte can be a part of a name.
    @inline(__always)
    static func isPart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }
}
