/// Takes the fields of one JSON object, gathering what is wrong with them.
struct FieldReader {
    private let fields: [String: JSONValue]
    private let path: String
    private var known: Set<String> = []
    var problems: [DefinitionError.Problem] = []

    init(_ fields: [String: JSONValue], path: String) {
        self.fields = fields
        self.path = path
    }

    mutating func text(_ name: String) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { return wrongType(name, "text", value) }
        return text
    }

    mutating func requiredText(_ name: String) -> String {
        requirePresence(name)
        return text(name) ?? "?"
    }

    mutating func object(_ name: String) -> [String: JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .object(let object) = value else { return wrongType(name, "an object", value) }
        return object
    }

    mutating func array(_ name: String, required: Bool = false) -> [JSONValue]? {
        if required { requirePresence(name) }
        guard let value = take(name) else { return nil }
        guard case .array(let array) = value else { return wrongType(name, "a list", value) }
        return array
    }

    mutating func texts(_ name: String) -> [String]? {
        guard let array = array(name) else { return nil }
        return array.enumerated().compactMap { index, element in
            if case .string(let text) = element { return text }
            return wrongType("\(name)[\(index)]", "text", element)
        }
    }

    /// Whatever stands there; nil when nothing does. A null is a value.
    mutating func value(_ name: String) -> JSONValue? {
        known.insert(name)
        return fields[name]
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let flag) = value else { return wrongType(name, "true or false", value) }
        return flag
    }

    mutating func integer(_ name: String) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .integer(let number) = value else { return wrongType(name, "a whole number", value) }
        return Int(number)
    }

    mutating func number(_ name: String) -> Double? {
        switch take(name) {
        case nil: return nil
        case .integer(let number): return Double(number)
        case .number(let number): return number
        case .some(let value): return wrongType(name, "a number", value)
        }
    }

    /// One of the words that `Choice` knows.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) -> Choice?
    where Choice.RawValue == String {
        guard let word = text(name) else { return nil }
        if let choice = Choice(rawValue: word) { return choice }
        problems.append(
            .init(
                code: "job-file.unknown-word", path: at(name),
                message: "'\(word)' is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))."))
        return nil
    }

    /// An object inside this one, read by `body` with the same strictness.
    mutating func nested<Value>(_ name: String, _ body: (inout FieldReader) -> Value) -> Value? {
        guard let fields = object(name) else { return nil }
        return Self.read(fields, path: at(name), problems: &problems, body)
    }

    /// Reads one object whole.
    static func read<Value>(
        _ fields: [String: JSONValue], path: String, problems: inout [DefinitionError.Problem],
        _ body: (inout FieldReader) -> Value
    ) -> Value {
        var reader = FieldReader(fields, path: path)
        let value = body(&reader)
        reader.refuseOtherFields()
        problems += reader.problems
        return value
    }

    mutating func refuseOtherFields() {
        for name in fields.keys.sorted() where !known.contains(name) {
            problems.append(
                .init(
                    code: "job-file.unknown-field", path: at(name),
                    message: "There is no such field. Known here: \(known.sorted().joined(separator: ", "))."))
        }
    }

    func at(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    mutating func requirePresence(_ name: String) {
        guard fields[name] == nil || fields[name] == .null else { return }
        problems.append(.init(code: "job-file.missing-field", path: at(name), message: "This field is required."))
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        let value = fields[name]
        return value == .null ? nil : value
    }

    private mutating func wrongType<Value>(_ name: String, _ wanted: String, _ found: JSONValue) -> Value? {
        problems.append(.wrongType(path: at(name), wanted: wanted, found: found))
        return nil
    }
}

extension DefinitionError.Problem {
    static func wrongType(path: String, wanted: String, found: JSONValue) -> Self {
        .init(code: "job-file.wrong-type", path: path, message: "This must be \(wanted), not \(found.kindName).")
    }
}
