import Foundation
import SluiceCore

/// The secrets of one statement, for texts and values that a database made of them.
struct SQLSecretLiterals {
    /// What stands in a value's place.
    static let blankValue = "***"

    /// As they are written, longest first, so that no blank cuts a longer one.
    private let written: [String]
    /// What they mean, without quotes.
    private let values: Set<String>

    /// - Parameter written: literals with their quotes.
    init(_ written: [String]) {
        self.written = Set(written).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
        values = Set(written.flatMap(Self.meanings))
    }

    /// A message without the literals and what they mean; meanings below three characters stay, as they would be found
    /// anywhere.
    func redact(message: String) -> String {
        var text = redact(expression: message)
        for value in values.sorted(by: { ($0.utf8.count, $0) > ($1.utf8.count, $1) })
        where value.utf8.count >= 3 && value != Self.blankValue {
            text = text.replacing(bytes: value, with: Self.blankValue)
        }
        return text
    }

    /// A part of a statement without the literals. A name in it may be spelled like one, and stays.
    func redact(expression: String) -> String {
        var text = expression
        for literal in written where literal.utf8.first.map({ !$0.isDigit }) ?? false {
            text = text.replacing(bytes: literal, with: SQLSecrets.blank)
        }
        return text
    }

    /// Whether a value of a preview is one of the secrets, or the beginning of one that the preview has cut.
    func hold(_ value: JSONValue) -> Bool {
        switch value {
        case .integer(let number): return values.contains(String(number))
        case .string(let text):
            if values.contains(text) { return true }
            guard text.utf8.count > 16, text.hasSuffix("…") else { return false }
            return values.contains { $0.hasPrefix(text.dropLast()) }
        default: return false
        }
    }

    /// What a literal may stand for: a BLOB the way previews show it, and as text.
    private static func meanings(of literal: String) -> [String] {
        let bytes = Array(literal.utf8)
        guard let first = bytes.first, let opening = bytes.firstIndex(where: { $0 == 0x27 || $0 == 0x22 }),
            opening <= 1, bytes.count >= opening + 2
        else {
            if bytes.first == UInt8(ascii: "$"), let tag = bytes.dropFirst().firstIndex(of: UInt8(ascii: "$")),
                bytes.count > 2 * tag + 1
            {
                return [String(decoding: bytes[(tag + 1)..<(bytes.count - tag - 1)], as: UTF8.self)]
            }
            if bytes.first.map({ $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "`") }) ?? false {
                return [String(literal.dropFirst().dropLast())]
            }
            return [literal]
        }
        let quote = String(UnicodeScalar(bytes[opening]))
        let inner = String(decoding: bytes[(opening + 1)..<(bytes.count - 1)], as: UTF8.self)
        var meanings = [inner, inner.replacing(bytes: quote + quote, with: quote)]
        if opening == 1, first.lowered == UInt8(ascii: "x") {
            let digits = inner.uppercased()
            meanings.append("X'\(digits)'")
            let numbers = Array(digits.utf8)
            let decoded = stride(from: 0, to: numbers.count - 1, by: 2).compactMap {
                UInt8(String(decoding: numbers[$0...($0 + 1)], as: UTF8.self), radix: 16)
            }
            meanings.append(String(decoding: decoded, as: UTF8.self))
        }
        return meanings.filter { !$0.isEmpty }
    }
}
