/// One pass over one line, gathering what is to be blanked.
struct SecretScan {
    /// In order, without overlaps.
    private(set) var blanks: [Range<Int>] = []
    private var index = 0
    let end: Int
    /// Secrets further on in the line that an AWS key id has announced.
    private var pending: [Range<Int>] = []
    private var searchedPending = false

    init(end: Int) { self.end = end }

    /// Signs at which a secret may begin or be announced.
    private static let signs: [Bool] = {
        var signs = [Bool](repeating: false, count: 256)
        for sign in "=:Bb-_AJ'".utf8 { signs[Int(sign)] = true }
        return signs
    }()

    mutating func run(in bytes: Span<UInt8>, _ secrets: SecretPatterns, _ state: inout SecretRedactor.State) {
        scan(in: bytes, secrets, &state)
        guard !pending.isEmpty else { return }
        let all = (blanks + pending).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        blanks = []
        for range in all {
            let reached = blanks.last?.upperBound ?? 0
            if range.lowerBound >= reached {
                blanks.append(range)
            } else if range.upperBound > reached, let last = blanks.popLast() {
                blanks.append(last.lowerBound..<range.upperBound)
            }
        }
    }

    private mutating func scan(
        in bytes: Span<UInt8>, _ secrets: SecretPatterns, _ state: inout SecretRedactor.State
    ) {
        let signs = Self.signs
        if secrets.isEmpty {
            while index < end {
                // The loop that most bytes go through.
                while index < end, !signs[Int(bytes[index])] { index += 1 }
                if index < end { look(in: bytes, &state) }
            }
            return
        }
        while index < end {
            let byte = bytes[index]
            if secrets.beginsWith[Int(byte)], let length = secrets.match(at: index, in: bytes) {
                blank(index, index + length)
            } else if signs[Int(byte)] {
                look(in: bytes, &state)
            } else {
                index += 1
            }
        }
    }

    /// Looks at the sign at ``index`` and moves behind it, or behind what was blanked.
    private mutating func look(in bytes: Span<UInt8>, _ state: inout SecretRedactor.State) {
        let sign = index
        index += 1
        switch bytes[sign] {
        case UInt8(ascii: "="): assigned(at: sign, in: bytes)
        case UInt8(ascii: ":"):
            if starts("://", at: sign, in: bytes) {
                blank(urlPassword(at: sign + 3, in: bytes))
            } else {
                assigned(at: sign, in: bytes)
            }
        case UInt8(ascii: "'"): quoted(at: sign, in: bytes)
        case UInt8(ascii: "B"), UInt8(ascii: "b"): blank(bearerToken(at: sign, in: bytes))
        case UInt8(ascii: "A"):
            guard let key = accessKeyRange(at: sign, in: bytes) else { return }
            blank(key)
            // Its secret stands behind it, under whatever name. The first key's search finds those of all.
            if !searchedPending { pending = awsSecrets(from: index, in: bytes) }
            searchedPending = true
        case UInt8(ascii: "J"): blank(webTokenRange(at: sign, in: bytes))
        case UInt8(ascii: "_"): blank(servicesKeyRange(at: sign, in: bytes))
        default:
            if starts("-----begin ", at: sign, in: bytes) {
                privateKey(at: sign, in: bytes, &state)
            } else {
                blank(servicesKeyRange(at: sign, in: bytes))
            }
        }
    }

    private mutating func blank(_ start: Int, _ stop: Int) {
        index = max(index, stop)
        guard start < stop, start >= blanks.last?.upperBound ?? 0 else { return }
        blanks.append(start..<stop)
    }

    private mutating func blank(_ range: Range<Int>?) {
        if let range { blank(range.lowerBound, range.upperBound) }
    }

    // MARK: - Private keys

    /// Deals with the beginning of a line: a key may go on here.
    mutating func start(in bytes: Span<UInt8>, _ state: inout SecretRedactor.State) {
        guard let lines = state.keyLines else { return }
        if let stop = keyEnd(from: 0, in: bytes) {
            blank(0, stop)
            state.keyLines = nil
            index = stop
        } else if lines < Self.longestKey, isKeyLine(in: bytes) {
            blank(0, end)
            index = end
            state.keyLines = lines + 1
        } else {
            // The key was cut off; the log goes on.
            state.keyLines = nil
        }
    }

    private mutating func privateKey(at sign: Int, in bytes: Span<UInt8>, _ state: inout SecretRedactor.State) {
        guard let start = privateKeyLabel(at: sign, in: bytes) else { return }
        if let stop = keyEnd(from: start, in: bytes) {
            blank(start, stop)
            // The label of the end is no beginning.
            index = stop + 9
        } else {
            state.keyLines = 0
            blank(start, end)
        }
    }

    // MARK: - Names and their values

    /// `name=value`, `name: value`, `"name": "value"`, `name => 'value'`.
    private mutating func assigned(at sign: Int, in bytes: Span<UInt8>) {
        guard sign > 0 else { return }
        var nameEnd = sign
        var quoted = false
        while nameEnd > 0, isBlank(bytes[nameEnd - 1]) { nameEnd -= 1 }
        while nameEnd > 0, isQuote(bytes[nameEnd - 1]) || bytes[nameEnd - 1] == UInt8(ascii: "\\") {
            nameEnd -= 1
            quoted = true
        }
        guard nameEnd > 0, SecretNames.isPart(bytes[nameEnd - 1]) else { return }
        var name = nameEnd
        while name > 0, nameEnd - name <= 128, SecretNames.isPart(bytes[name - 1]) { name -= 1 }
        guard SecretNames.isSecret(name..<nameEnd, in: bytes) else { return }

        var value = sign + 1
        let equals = bytes[sign] == UInt8(ascii: "=")
        if value < end, equals {
            // `==` compares.
            if bytes[value] == UInt8(ascii: "=") { return index = value + 1 }
            if bytes[value] == UInt8(ascii: ">") { value += 1 }
        } else if value < end, bytes[value] == UInt8(ascii: "=") {
            value += 1
        }
        let first = value
        while value < end, isBlank(bytes[value]) { value += 1 }
        guard value < end else { return }
        if let quote = openingQuote(at: value, in: bytes) {
            return blankQuoted(from: value + quote.count, quote, in: bytes)
        }
        if SecretNames.isExactly("authorization", name..<nameEnd, in: bytes), let scheme = scheme(at: value, in: bytes)
        {
            return blank(scheme, authorizationEnd(from: scheme, in: bytes))
        }
        let stop = valueEnd(from: value, in: bytes)
        guard stop > value, !isPlain(value..<stop, in: bytes) else { return }
        if !quoted {
            if !equals, isProse(name..<nameEnd, value..<stop, in: bytes) { return }
            if equals, value > first, isCode(value..<stop, in: bytes) { return }
        }
        blank(value, stop)
    }

    /// `PASSWORD 'value'` and `IDENTIFIED BY 'value'`, as SQL has them. A token or a secret in prose is no such thing.
    private mutating func quoted(at quote: Int, in bytes: Span<UInt8>) {
        guard quote > 3, bytes[quote - 1] == UInt8(ascii: " ") else { return }
        var name = quote - 1
        while name > 0, quote - name <= 128, SecretNames.isPart(bytes[name - 1]) { name -= 1 }
        let range = name..<(quote - 1)
        let identified =
            SecretNames.isExactly("by", range, in: bytes) && name >= 11
            && starts("identified ", at: name - 11, in: bytes)
        guard identified || SecretNames.isSecret(range, in: bytes) else { return }
        for word: StaticString in ["token", "secret", "credentials", "authorization"]
        where SecretNames.isExactly(word, range, in: bytes) { return }
        blankQuoted(from: quote + 1, (byte: UInt8(ascii: "'"), count: 1), in: bytes)
    }

    /// A quote and the backslashes before it.
    private typealias Quote = (byte: UInt8, count: Int)

    private func openingQuote(at start: Int, in bytes: Span<UInt8>) -> Quote? {
        var place = start
        // A letter before it: `b'…'`, `r"…"`.
        if place + 1 < end, isLetter(bytes[place]), isQuote(bytes[place + 1]) { place += 1 }
        while place < end, bytes[place] == UInt8(ascii: "\\") { place += 1 }
        guard place < end, isQuote(bytes[place]) else { return nil }
        return (bytes[place], place + 1 - start)
    }

    /// Blanks up to the quote that closes, or to the end of the line.
    private mutating func blankQuoted(from start: Int, _ quote: Quote, in bytes: Span<UInt8>) {
        let escapes = quote.count > 1 && bytes[start - 2] == UInt8(ascii: "\\") ? quote.count - 1 : 0
        var place = start
        while place < end {
            if bytes[place] == UInt8(ascii: "\\") {
                var behind = place
                while behind < end, bytes[behind] == UInt8(ascii: "\\") { behind += 1 }
                // Behind as many backslashes as the opening quote has, or pairs of pairs more, the quote closes.
                if behind < end, bytes[behind] == quote.byte, (behind - place) % (2 * escapes + 2) == escapes {
                    place = behind - escapes
                    break
                }
                place = behind + 1
            } else if bytes[place] == quote.byte, escapes == 0 {
                // Doubled, it belongs to the text.
                guard place + 1 < end, bytes[place + 1] == quote.byte, place > start else { break }
                place += 2
            } else {
                place += 1
            }
        }
        blank(start, min(place, end))
    }

    /// Where a value without quotes ends: at a blank, a quote, or a sign behind which something else begins.
    private func valueEnd(from start: Int, in bytes: Span<UInt8>) -> Int {
        var place = start
        while place < end {
            let byte = bytes[place]
            if isBlank(byte) || isQuote(byte) || byte == UInt8(ascii: "\r") { return place }
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ")"), UInt8(ascii: "]"),
                UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "#"):
                if somethingElseBegins(at: place + 1, in: bytes) { return place }
            default: break
            }
            place += 1
        }
        return place
    }

    /// Nothing, a blank, a quote or another name and its sign.
    private func somethingElseBegins(at start: Int, in bytes: Span<UInt8>) -> Bool {
        var place = start
        // A few brackets may close here; a long row of them is a part of the value.
        while place < min(end, start + 8),
            bytes[place] == UInt8(ascii: ")") || bytes[place] == UInt8(ascii: "]")
                || bytes[place] == UInt8(ascii: "}") || bytes[place] == UInt8(ascii: ",")
        {
            place += 1
        }
        guard place < end else { return true }
        if isBlank(bytes[place]) || isQuote(bytes[place]) { return true }
        let name = place
        while place < end, SecretNames.isPart(bytes[place]) || bytes[place] == UInt8(ascii: ".") { place += 1 }
        return place > name && place < end
            && (bytes[place] == UInt8(ascii: "=") || bytes[place] == UInt8(ascii: ":"))
    }

    // MARK: - What is no secret after all

    /// Values that stand for no secret: `true`, `null`, `<password>`, `${PASSWORD}`, `{` of an object.
    private func isPlain(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        let first = bytes[range.lowerBound]
        let last = bytes[range.upperBound - 1]
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "(") { return true }
        if first == UInt8(ascii: "<"), last == UInt8(ascii: ">") { return true }
        if first == UInt8(ascii: "$"), range.count > 1, bytes[range.lowerBound + 1] == UInt8(ascii: "{") { return true }
        if first == UInt8(ascii: "%"), last == UInt8(ascii: "s") || last == UInt8(ascii: "d"), range.count <= 2 {
            return true
        }
        let words: [StaticString] = [
            "true", "false", "null", "none", "nil", "yes", "no", "undefined", "required", "missing", "expired",
            "invalid",
        ]
        for word in words where SecretNames.isExactly(word, range, in: bytes) { return true }
        return false
    }

    /// Whether a word behind `name:` is the beginning of a sentence: letters alone, with more words or a full stop behind
    /// them. A parser's `unexpected token: x` is one, too.
    private func isProse(_ name: Range<Int>, _ value: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        if SecretNames.isExactly("token", name, in: bytes) {
            for word: StaticString in ["unexpected ", "unknown ", "illegal ", "bad ", "next ", "last "]
            where name.lowerBound >= word.utf8CodeUnitCount
                && starts(word, at: name.lowerBound - word.utf8CodeUnitCount, in: bytes)
            { return true }
        }
        var letters = value.lowerBound
        while letters < value.upperBound, isLetter(bytes[letters]) || bytes[letters] >= 0x80 { letters += 1 }
        if letters == value.upperBound {
            // More words.
            return value.upperBound + 1 < end && isBlank(bytes[value.upperBound])
                && (isLetter(bytes[value.upperBound + 1]) || bytes[value.upperBound + 1] == UInt8(ascii: "'"))
                && !isPair(at: value.upperBound + 1, in: bytes)
        }
        guard letters > value.lowerBound, letters == value.upperBound - 1 else { return false }
        let last = bytes[letters]
        return last == UInt8(ascii: ".") || last == UInt8(ascii: "!") || last == UInt8(ascii: "?")
            || (last == UInt8(ascii: ",") && value.upperBound < end)
    }

    /// Whether a further `name=` or `name:` stands there.
    private func isPair(at start: Int, in bytes: Span<UInt8>) -> Bool {
        var place = start
        while place < end, SecretNames.isPart(bytes[place]) { place += 1 }
        return place > start && place < end
            && (bytes[place] == UInt8(ascii: "=") || bytes[place] == UInt8(ascii: ":"))
    }

    /// Whether what stands behind `name = ` calls or looks up something: a line of a program in a traceback.
    private func isCode(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        var place = range.lowerBound
        guard isLetter(bytes[place]) || bytes[place] == UInt8(ascii: "_") else { return false }
        while place < range.upperBound, SecretNames.isPart(bytes[place]) || bytes[place] == UInt8(ascii: ".") {
            place += 1
        }
        return place < range.upperBound && (bytes[place] == UInt8(ascii: "(") || bytes[place] == UInt8(ascii: "["))
    }

    func starts(_ word: StaticString, at start: Int, in bytes: Span<UInt8>) -> Bool {
        let count = word.utf8CodeUnitCount
        guard start >= 0, start + count <= end else { return false }
        for place in 0..<count {
            let byte = bytes[start + place]
            let lowered = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            guard lowered == word.utf8Start[place] else { return false }
        }
        return true
    }

    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }
}
