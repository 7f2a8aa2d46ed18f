import Foundation

/// Any JSON value: parameters, results and everything else whose shape a person chooses.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        // JSON cannot say infinity nor not-a-number (RFC 8259, 6).
        case .number(let value): if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension JSONValue {
    /// Parses UTF-8 JSON text.
    ///
    /// - Throws: ``DefinitionError`` `json.malformed`, with line and column.
    public init(parsing data: Data) throws(DefinitionError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            if let fault = JSONSyntax.fault(in: Array(data)) { throw DefinitionError(fault) }
            throw DefinitionError(
                code: "json.malformed",
                "This is not valid JSON: a number in it is too large, or a text in it is not Unicode in UTF-8.")
        }
    }

    /// Compact JSON with sorted keys: the same value always gives the same bytes.
    public var canonicalData: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder.encodeJSON(self)
    }

    /// The same for people: indented, keys sorted, a line break at the end.
    public var prettyData: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder.encodeJSON(self) + Data("\n".utf8)
    }

    /// ``canonicalData`` as text.
    public var canonicalText: String { String(decoding: canonicalData, as: UTF8.self) }

    /// What the value is, in a reader's words: `text`, `number`, `list`, …
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "number"
        case .string: "text"
        case .array: "list"
        case .object: "object"
        }
    }
}

extension DefinitionError {
    init(_ fault: JSONSyntax.Fault) {
        self.init(
            code: "json.malformed",
            "This is not valid JSON: line \(fault.line), column \(fault.column): \(fault.message).")
    }
}

extension JSONEncoder {
    fileprivate func encodeJSON(_ value: JSONValue) -> Data {
        do {
            return try encode(value)
        } catch {
            preconditionFailure("every JSONValue encodes: \(error)")
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    public init(nilLiteral: ()) { self = .null }
}
