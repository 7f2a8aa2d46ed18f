import Sluice

/// Values that people wrote, as they are shown: without what is a secret, or looks like one.
enum ShownValue {
    private static let redactor = SecretRedactor()

    static func value(_ value: JSONValue) -> JSONValue { redactor.redacted(value) }

    static func text(_ text: String) -> String { redactor.redacted(text) }

    /// Values by name: what has a secret's name is one.
    static func parameters(_ parameters: [String: JSONValue]) -> [String: JSONValue] {
        guard case .object(let shown) = redactor.redacted(.object(parameters)) else { return [:] }
        return shown
    }

    /// A job file's form. A parameter's default stands below its name, and is as secret as that says.
    static func definition(_ file: JSONValue) -> JSONValue {
        guard case .object(var fields) = redactor.redacted(file) else { return file }
        if case .object(var declared)? = fields["parameters"] {
            for (name, parameter) in declared {
                guard case .object(var parts) = parameter else { continue }
                if let value = parts["default"] { parts["default"] = parameters([name: value])[name] }
                declared[name] = .object(parts)
            }
            fields["parameters"] = .object(declared)
        }
        return .object(fields)
    }
}
