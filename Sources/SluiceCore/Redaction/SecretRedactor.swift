import Foundation

/// Blanks secrets in text before it reaches a disk or a screen.
///
/// Two kinds of text are secret: what was registered (a connection's password), and what looks like a secret (`PASSWORD=…`,
/// `Authorization: Bearer …`, a URL with a password, an AWS key, a private key). In its place stands `***`; names, quotes and
/// everything around stay, so that a line still tells what happened. SQL is read by its own tokens elsewhere, with the
/// same blank.
///
/// One pass over the bytes of a line, no regular expressions: every printed line goes through here. A line without any sign
/// that a secret may follow costs one look at each byte.
public struct SecretRedactor: Sendable {
    /// What stands in a secret's place.
    public static let blank = "***"
    /// A shorter text is no secret that can be told from other text.
    public static let shortestSecret = 4

    let secrets: SecretPatterns

    /// - Parameter secrets: texts to blank wherever they stand: as they are, encoded for a URL, and in base64 (also as a
    ///   part of a longer base64 text, as in basic authentication). Those of less than four bytes are left out. Of a secret
    ///   of several lines, each line of eight bytes or more is one.
    public init(secrets: [String] = []) {
        self.secrets = SecretPatterns(secrets)
    }

    /// What one line says of the next: whether a private key goes on there.
    public struct State: Sendable, Hashable, Codable {
        /// How many lines of a private key have passed; nil outside of one.
        var keyLines: Int?

        public init() {}
    }

    /// A line without its secrets.
    ///
    /// - Parameter state: carried from line to line of one stream.
    public func redacted(line: String, state: inout State) -> String {
        var line = line
        line.makeContiguousUTF8()
        let blanks = blanks(in: line.utf8.span, state: &state)
        guard !blanks.isEmpty else { return line }
        var text = ""
        text.reserveCapacity(line.utf8.count)
        let utf8 = line.utf8
        var kept = utf8.startIndex
        for range in blanks {
            // Blanks begin and end at ASCII signs or at a registered secret's ends, which are whole characters.
            let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
            text += line[kept..<start]
            text += Self.blank
            kept = utf8.index(utf8.startIndex, offsetBy: range.upperBound)
        }
        return text + line[kept...]
    }

    /// A line of bytes without its secrets; nil when there is none, so that the line can be written as it came. Bytes that
    /// are not UTF-8 do no harm.
    public func redacted(bytes: Span<UInt8>, state: inout State) -> [UInt8]? {
        let blanks = blanks(in: bytes, state: &state)
        guard !blanks.isEmpty else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var kept = 0
        for range in blanks {
            for index in kept..<range.lowerBound { text.append(bytes[index]) }
            text += Self.blank.utf8
            kept = range.upperBound
        }
        for index in kept..<bytes.count { text.append(bytes[index]) }
        return text
    }

    /// A text of any number of lines without its secrets: an error, a script, a parameter.
    public func redacted(_ text: String) -> String {
        var state = State()
        guard text.utf8.contains(UInt8(ascii: "\n")) else { return redacted(line: text, state: &state) }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { redacted(line: String($0), state: &state) }
            .joined(separator: "\n")
    }

    /// A value without its secrets: in every text in it, and whatever stands under a secret's name.
    public func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number: value
        case .string(let text): .string(redacted(text))
        case .array(let list): .array(list.map { redacted($0) })
        case .object(let fields):
            .object(
                Dictionary(
                    uniqueKeysWithValues: fields.map { name, value in
                        switch value {
                        case .string, .integer, .number:
                            (name, SecretNames.isSecret(name) ? .string(Self.blank) : redacted(value))
                        default: (name, redacted(value))
                        }
                    }))
        }
    }

    private func blanks(in bytes: Span<UInt8>, state: inout State) -> [Range<Int>] {
        var scan = SecretScan(end: bytes.count)
        scan.start(in: bytes, &state)
        scan.run(in: bytes, secrets, &state)
        return scan.blanks
    }
}
