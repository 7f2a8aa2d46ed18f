import Foundation
import SluiceCore

/// The values of a script's placeholders, known before its first statement is sent.
public struct SQLValues: Sendable {
    private var values: [SQLPlaceholder.Source: SQLValue] = [:]

    /// For scripts without placeholders.
    public static let none = SQLValues()

    subscript(source: SQLPlaceholder.Source) -> SQLValue? {
        get { values[source] }
        set { values[source] = newValue }
    }
}

extension SQLScript {
    /// Finds the value of every placeholder, so that a missing one is an error before anything is sent.
    ///
    /// - Throws: ``SQLError`` with the placeholder's place: `sql.placeholder-unknown`, `sql.placeholder-no-value` for a task
    ///   that ended without one, `sql.placeholder-no-column`, `sql.placeholder-too-large` above 64 kB; and as
    ///   ``placeholders(at:)``.
    func values(_ inputs: TaskInputs, nominalTime: Date) throws(SQLError) -> SQLValues {
        var values = SQLValues()
        for placeholder in try placeholders() where values[placeholder.source] == nil {
            let value = try value(of: placeholder, inputs, nominalTime)
            guard value.size <= DefinitionLimits.value else {
                throw wrong(
                    placeholder, "sql.placeholder-too-large",
                    "the value of \(placeholder.source) has \(value.size) bytes, and at most \(DefinitionLimits.value) go into "
                        + "a statement. Pass it through a table or a file.")
            }
            values[placeholder.source] = value
        }
        return values
    }

    private func value(
        of placeholder: SQLPlaceholder, _ inputs: TaskInputs, _ nominalTime: Date
    ) throws(SQLError) -> SQLValue {
        switch placeholder.source {
        case .nominalTime: return .instant(nominalTime)
        case .parameter(let name):
            if let value = inputs.parameters[name] { return SQLValue(value) }
            let names = SQLNames(parameters: inputs.parameters.keys.sorted(), upstream: inputs.upstream.keys.sorted())
            try names.require(placeholder, of: self)
            return .null
        case .column(let column, let task):
            guard let value = inputs.upstream[task] else {
                let known = inputs.upstream.keys.sorted()
                throw wrong(
                    placeholder, "sql.placeholder-no-value",
                    "there is no value of a task '\(task)': it ended without one, or does not come before this task. "
                        + SQLNames.listed(known, "There are values of", none: "There is none of any task") + ".")
            }
            guard case .object(let columns) = value else {
                throw wrong(
                    placeholder, "sql.placeholder-no-column",
                    "the value of task '\(task)' is of the kind \(value.kindName), and has no columns. Let it answer a row, "
                        + "or an object.")
            }
            guard let found = columns[column] else {
                let known = columns.keys.sorted()
                throw wrong(
                    placeholder, "sql.placeholder-no-column",
                    "the value of task '\(task)' has no column '\(column)'.\(SQLNames.suggestion(column, known)) "
                        + SQLNames.listed(known, "It has", none: "It has none at all") + ".")
            }
            return SQLValue(found)
        }
    }

    private func wrong(_ placeholder: SQLPlaceholder, _ code: String, _ message: String) -> SQLError {
        let position = position(of: placeholder.start)
        return SQLError(code: code, Self.placed(position) + message, at: position)
    }
}
