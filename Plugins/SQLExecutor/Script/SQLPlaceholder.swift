import SluiceCore

/// A `${…}` of a script, outside quotes and comments: a value of the run that a statement is sent with.
///
/// `${name}` is a parameter, `${nominal_time}` the instant that the run stands for, `${task.column}` a column of the value of
/// a task upstream. A name with other signs than letters, digits, `_` and `-` is quoted: `${"my task".column}`; a parameter
/// that is itself called `nominal_time` is `${"nominal_time"}`. Always a value: bound where the database binds, else a literal,
/// and never a name or any other part of the statement's text.
public struct SQLPlaceholder: Sendable, Hashable {
    public enum Source: Sendable, Hashable {
        case parameter(String)
        case nominalTime
        case column(String, task: String)
    }

    public var source: Source
    /// Offset of the `$` in the script.
    public var start: Int
    /// Offset behind the `}`.
    public var end: Int

    init(_ token: SQLToken, in bytes: Span<UInt8>) {
        let parts = SQLLexer.placeholderParts(token, in: bytes)
        source =
            if parts.count == 2 {
                .column(parts[1].name, task: parts[0].name)
            } else if parts[0].name == Self.nominalTime, !parts[0].isQuoted {
                .nominalTime
            } else {
                .parameter(parts[0].name)
            }
        start = token.start
        end = token.end
    }

    static let nominalTime = "nominal_time"
}

extension SQLPlaceholder.Source: CustomStringConvertible {
    /// As a script writes it.
    public var description: String {
        switch self {
        case .parameter(SQLPlaceholder.nominalTime): "${\"\(SQLPlaceholder.nominalTime)\"}"
        case .parameter(let name): "${\(PlaceholderPart.written(name))}"
        case .nominalTime: "${\(SQLPlaceholder.nominalTime)}"
        case .column(let column, let task): "${\(PlaceholderPart.written(task)).\(PlaceholderPart.written(column))}"
        }
    }
}

extension SQLScript {
    /// All placeholders of the script, in order.
    ///
    /// - Throws: as ``placeholders(at:)``.
    func placeholders() throws(SQLError) -> [SQLPlaceholder] {
        var found: [SQLPlaceholder] = []
        for (index, statement) in statements.enumerated() where statement.traits.contains(.placeholder) {
            found += try placeholders(at: index)
        }
        return found
    }

    /// The placeholders of the statement at `index`, in order.
    ///
    /// - Throws: ``SQLError`` `sql.placeholder-malformed`; `sql.blue-scripting` for `${v[0].col}`; `sql.placeholder-name` where
    ///   no value can stand; `sql.parameters` when the statement has parameters of its own too.
    func placeholders(at index: Int) throws(SQLError) -> [SQLPlaceholder] {
        let statement = statements[index]
        guard statement.traits.contains(.placeholder) else { return [] }
        var found: [SQLPlaceholder] = []
        var place = SQLPlaceholderPlace(statement.verb)
        var parameter: SQLToken?
        var words = SQLWords(statement, of: bytes.span, dialect: dialect)
        while true {
            let token = words.next(in: bytes.span)
            if let (wrong, reason) = place.read(token, in: bytes.span) { throw misplaced(wrong, reason) }
            switch token.kind {
            case .end:
                if let parameter, !found.isEmpty { throw mixed(parameter) }
                return found
            case .placeholder: found.append(SQLPlaceholder(token, in: bytes.span))
            case .brokenPlaceholder: throw malformed(token)
            case .parameter: parameter = parameter ?? token
            default: break
            }
        }
    }

    private func misplaced(_ token: SQLToken, _ reason: SQLPlaceholderPlace.Wrong) -> SQLError {
        let position = position(of: token.start)
        let name = SQLPlaceholder(token, in: bytes.span).source
        let message =
            switch reason {
            case .name:
                "\(name) stands where a name does, and a placeholder is a value, never a name. Write the name itself."
            case .besideText:
                "\(name) stands right beside a text, and would become a part of it. Join the two with ||."
            }
        return SQLError(code: "sql.placeholder-name", Self.placed(position) + message, at: position)
    }

    private func malformed(_ token: SQLToken) -> SQLError {
        if bytes[token.start] == UInt8(ascii: "{") {
            let position = position(of: token.start - 1)
            return SQLError(
                code: "sql.placeholder-name",
                Self.placed(position)
                    + "a placeholder is a value, and cannot be a part of a name or number. Put a blank "
                    + "before the ${, or write the whole name.", at: position)
        }
        let position = position(of: token.start)
        var end = token.end
        while end < bytes.count, bytes[end].isIdentifierPart { end += 1 }
        if end > token.end, end < bytes.count, bytes[end] == UInt8(ascii: "[") {
            return SQLError(
                code: "sql.blue-scripting",
                Self.placed(position)
                    + "${…[…]} is Blue Scripting. Only the Workbench understands it; write ${parameter} or "
                    + "${task.column} instead.", at: position)
        }
        return SQLError(
            code: "sql.placeholder-malformed",
            Self.placed(position)
                + "${ opens a placeholder, which is ${parameter}, ${nominal_time} or ${task.column}; other "
                + "names stand in double quotes, as in ${\"my task\".column}.", at: position)
    }

    private func mixed(_ token: SQLToken) -> SQLError {
        let position = position(of: token.start)
        let sign = String(decoding: bytes[token.range].prefix(140), as: UTF8.self)
        return SQLError(
            code: "sql.parameters",
            Self.placed(position) + "nothing gives \(sign) a value. Write ${…} for it as well.", at: position)
    }

    static func placed(_ position: SourcePosition) -> String {
        "Line \(position.line), column \(position.column): "
    }
}
