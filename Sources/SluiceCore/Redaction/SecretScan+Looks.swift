/// Secrets that are told by their own looks, whatever stands before them.
extension SecretScan {
    // MARK: - URLs

    /// Where the password of `user:password@` lies, behind the `://` of a URL.
    func urlPassword(at start: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        var colon: Int?
        var sign: Int?
        var place = start
        search: while place < end {
            switch bytes[place] {
            case UInt8(ascii: ":"): if colon == nil { colon = place }
            case UInt8(ascii: "@"): sign = place
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: " "), UInt8(ascii: "\t"),
                UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"):
                break search
            default: break
            }
            place += 1
        }
        guard let colon, let sign, colon + 1 < sign else { return nil }
        return colon + 1..<sign
    }

    // MARK: - Tokens

    /// Where the credentials of `Bearer …` lie. A word without any digit is prose.
    func bearerToken(at start: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        guard starts("bearer ", at: start, in: bytes), isWordStart(start, in: bytes) else { return nil }
        let token = start + 7
        let count = tokenLength(token, in: bytes)
        guard count >= 8 else { return nil }
        var digits = false
        for place in token..<(token + count) where isDigit(bytes[place]) { digits = true }
        return digits || count >= 24 ? token..<(token + count) : nil
    }

    /// Where a JSON Web Token lies whose `eyJ` ends at `sign`: its header is `{"`, which is `eyJ` in base64.
    func webTokenRange(at sign: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        let start = sign - 2
        guard start >= 0, bytes[start] == UInt8(ascii: "e"), bytes[start + 1] == UInt8(ascii: "y"),
            isWordStart(start, in: bytes)
        else { return nil }
        let count = tokenLength(start, in: bytes)
        return count >= 20 ? start..<(start + count) : nil
    }

    /// Where a service's key lies: `ghp_…`, `gho_…`, `github_pat_…`, `sk_live_…`, `sk-live-…`, `xoxb-…`. Looked for from its
    /// prefix's last sign.
    func servicesKeyRange(at sign: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        guard sign >= 3 else { return nil }
        let prefixes: [StaticString] =
            bytes[sign] == UInt8(ascii: "_")
            ? ["ghp_", "gho_", "ghs_", "github_pat_", "sk_live_"] : ["xoxb-", "xoxa-", "xoxp-", "sk-live-"]
        for prefix in prefixes {
            let start = sign + 1 - prefix.utf8CodeUnitCount
            guard starts(prefix, at: start, in: bytes), isWordStart(start, in: bytes) else { continue }
            let count = tokenLength(sign + 1, in: bytes)
            return count >= 6 ? start..<(sign + 1 + count) : nil
        }
        return nil
    }

    /// Where an AWS key id lies: `AKIA` or `ASIA` and sixteen capitals or digits.
    func accessKeyRange(at start: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        guard start + 20 <= end, bytes[start + 1] == UInt8(ascii: "K") || bytes[start + 1] == UInt8(ascii: "S"),
            bytes[start + 2] == UInt8(ascii: "I"), bytes[start + 3] == UInt8(ascii: "A"), isWordStart(start, in: bytes)
        else { return nil }
        for place in (start + 4)..<(start + 20) {
            guard isDigit(bytes[place]) || bytes[place] &- UInt8(ascii: "A") < 26 else { return nil }
        }
        let behind = start + 20
        return behind < end && SecretNames.isPart(bytes[behind]) ? nil : start..<behind
    }

    /// The places behind `start` where forty signs of base64 stand alone: the secrets that belong to a key id.
    func awsSecrets(from start: Int, in bytes: Span<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = start
        while place < end {
            let first = place
            while place < end, isBase64(bytes[place]) { place += 1 }
            if place - first == 40 { found.append(first..<place) }
            place += 1
        }
        return found
    }

    /// How many characters of a token (RFC 6750, *b64token*) stand from `start` on.
    func tokenLength(_ start: Int, in bytes: Span<UInt8>) -> Int {
        var place = start
        while place < end {
            let byte = bytes[place]
            guard
                SecretNames.isPart(byte) || isBase64(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
                    || byte == UInt8(ascii: "=")
            else { break }
            place += 1
        }
        return place - start
    }

    func isBase64(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }

    private func isWordStart(_ start: Int, in bytes: Span<UInt8>) -> Bool {
        start == 0
            || !(isLetter(bytes[start - 1]) || isDigit(bytes[start - 1]) || bytes[start - 1] == UInt8(ascii: "_"))
    }

    // MARK: - Authorization headers

    /// Where the credentials begin behind an authorization scheme; nil when no scheme stands there.
    func scheme(at start: Int, in bytes: Span<UInt8>) -> Int? {
        let schemes: [StaticString] = [
            "bearer ", "basic ", "digest ", "token ", "apikey ", "negotiate ", "aws4-hmac-sha256 ",
        ]
        for scheme in schemes where starts(scheme, at: start, in: bytes) { return start + scheme.utf8CodeUnitCount }
        return nil
    }

    /// The end of the line, or the quote in which the header stands.
    func authorizationEnd(from start: Int, in bytes: Span<UInt8>) -> Int {
        var place = start
        while place < end, !isQuote(bytes[place]), bytes[place] != UInt8(ascii: "\r") { place += 1 }
        return place
    }

    // MARK: - Private keys

    /// The longest key in PEM: RSA of 16,384 bits has about 200 lines.
    static let longestKey = 400

    /// Where the label `-----BEGIN … PRIVATE KEY-----` ends; nil when it is none.
    func privateKeyLabel(at start: Int, in bytes: Span<UInt8>) -> Int? {
        var place = start + 11
        while place < min(end, start + 64) {
            if starts("private key", at: place, in: bytes) {
                place += 11
                while place < end, bytes[place] != UInt8(ascii: "-") { place += 1 }
                while place < end, bytes[place] == UInt8(ascii: "-") { place += 1 }
                return place
            }
            place += 1
        }
        return nil
    }

    /// Where `-----END` stands, from `start` on.
    func keyEnd(from start: Int, in bytes: Span<UInt8>) -> Int? {
        var place = start
        while place < end {
            if bytes[place] == UInt8(ascii: "-"), starts("-----end ", at: place, in: bytes) { return place }
            place += 1
        }
        return nil
    }

    /// Whether the line goes on with a key: base64 alone, a header of an old key, or nothing; or, behind whatever a logger
    /// puts before it, a long word of base64.
    func isKeyLine(in bytes: Span<UInt8>) -> Bool {
        var last = end
        while last > 0, isBlank(bytes[last - 1]) || bytes[last - 1] == UInt8(ascii: "\r") { last -= 1 }
        var first = last
        while first > 0, isBase64(bytes[first - 1]) || bytes[first - 1] == UInt8(ascii: "=") { first -= 1 }
        if last - first >= 24 { return true }
        while first > 0, isBlank(bytes[first - 1]) { first -= 1 }
        if first == 0 { return true }
        return starts("proc-type:", at: 0, in: bytes) || starts("dek-info:", at: 0, in: bytes)
    }
}
