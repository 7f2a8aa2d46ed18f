import Foundation

/// A parameter that a job declares: what it takes, and what it is when a run does not say.
public struct JobParameter: Sendable, Hashable {
    public var type: ParameterType
    /// Nil when every run must say it.
    public var defaultValue: JSONValue?
    /// What it is for.
    public var description: String

    public init(_ type: ParameterType, default value: JSONValue? = nil, description: String = "") {
        self.type = type
        defaultValue = value
        self.description = description
    }

    /// A parameter of the type that its default has.
    public init(default value: JSONValue) { self.init(ParameterType(of: value), default: value) }
}

/// What a parameter takes.
public enum ParameterType: String, Sendable, Hashable, Codable, CaseIterable {
    case text, integer, number, boolean
    /// A day as `2013-01-31`.
    case date
    /// An instant as `2013-01-31T12:00:00Z` (RFC 3339).
    case timestamp
    case list, object
    /// Whatever JSON can say.
    case any

    /// The type that a default of that value stands for.
    public init(of value: JSONValue) {
        self =
            switch value {
            case .null: .any
            case .bool: .boolean
            case .integer: .integer
            case .number: .number
            case .string: .text
            case .array: .list
            case .object: .object
            }
    }

    /// Whether `value` is one of these.
    public func accepts(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.any, _), (.text, .string), (.integer, .integer), (.number, .integer), (.number, .number),
            (.boolean, .bool), (.list, .array), (.object, .object):
            true
        // A whole number however it is written: 3.0 is 3.
        case (.integer, .number(let number)): number.rounded() == number && abs(number) < 9_007_199_254_740_992
        case (.date, .string(let text)): Self.isDate(text)
        case (.timestamp, .string(let text)): Self.isTimestamp(text)
        default: false
        }
    }

    /// Reads what a person typed.
    ///
    /// - Returns: nil when it is none of these.
    public func value(typed text: String) -> JSONValue? {
        switch self {
        case .text: return .string(text)
        case .date, .timestamp: return accepts(.string(text)) ? .string(text) : nil
        case .any:
            // What is no JSON is meant as text.
            do { return try JSONValue(parsing: Data(text.utf8)) } catch { return .string(text) }
        case .integer, .number, .boolean, .list, .object:
            do {
                let value = try JSONValue(parsing: Data(text.utf8))
                return accepts(value) ? value : nil
            } catch {
                return nil
            }
        }
    }

    /// With its article, for messages: `a whole number`.
    public var words: String {
        switch self {
        case .text: "text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "true or false"
        case .date: "a date such as 2013-01-31"
        case .timestamp: "an instant such as 2013-01-31T12:00:00Z"
        case .list: "a list"
        case .object: "an object"
        case .any: "any JSON value"
        }
    }

    private static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D else { return false }
        return isTimestamp(text + "T00:00:00Z")
    }

    private static func isTimestamp(_ text: String) -> Bool {
        let formats = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
        return formats.contains { format in
            do {
                let date = try format.parse(text)
                // The parser rolls 31 February over into March.
                return date.formatted(.iso8601.year().month().day().timeZone(separator: .omitted)).prefix(7)
                    == text.prefix(7) || !text.hasSuffix("Z")
            } catch {
                return false
            }
        }
    }
}

extension JobParameter: Codable {
    private enum Key: String, CodingKey {
        case type, description
        case defaultValue = "default"
    }

    /// Either the default alone, or `{"type": …, "default": …, "description": …}`.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self),
            let type = try? container.decode(ParameterType.self, forKey: .type)
        {
            self.init(
                type, default: try container.decodeIfPresent(JSONValue.self, forKey: .defaultValue),
                description: try container.decodeIfPresent(String.self, forKey: .description) ?? "")
        } else {
            self.init(default: try JSONValue(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// Whether the default alone says everything.
    private var isPlain: Bool {
        guard let defaultValue, description.isEmpty else { return false }
        if case .object = defaultValue { return false }
        return type == ParameterType(of: defaultValue)
    }

    /// As a job file writes it.
    public var json: JSONValue {
        if isPlain, let defaultValue { return defaultValue }
        var fields: [String: JSONValue] = ["type": .string(type.rawValue)]
        if let defaultValue { fields["default"] = defaultValue }
        if !description.isEmpty { fields["description"] = .string(description) }
        return .object(fields)
    }
}

extension JobParameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self.init(default: .string(value)) }
    public init(integerLiteral value: Int64) { self.init(default: .integer(value)) }
    public init(floatLiteral value: Double) { self.init(default: .number(value)) }
    public init(booleanLiteral value: Bool) { self.init(default: .bool(value)) }
    public init(arrayLiteral elements: JSONValue...) { self.init(default: .array(elements)) }
    public init(nilLiteral: ()) { self.init(default: .null) }
}
