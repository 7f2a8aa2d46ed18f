import SluiceCore

/// A statement as a database gets it: every placeholder replaced by the sign of a parameter, or by a literal.
///
/// For connectors. What the database says of the text is brought back to the script by ``statementOffset(of:)``,
/// ``shown(column:)`` and ``shown(message:)``, so that nobody sees a value where a placeholder was written.
public struct SQLSending: Sendable {
    /// How values go along.
    public enum Way: Sendable, Hashable {
        /// As parameters with numbers from 1 behind a sign: `?1` in SQLite, `$1` in PostgreSQL.
        case parameters(sign: Character)
        /// As literals in the text.
        case literals
    }

    /// UTF-8, without any NUL.
    public private(set) var bytes: [UInt8] = []
    /// What to bind, in the order of the numbers; a placeholder that stands twice is one parameter.
    public private(set) var parameters: [SQLValue] = []

    private let dialect: SQLDialect
    /// The placeholders behind the parameters' numbers.
    private var sources: [SQLPlaceholder.Source] = []
    /// What was put in: where it ends in the text, where its placeholder ends in the statement, how long each is.
    private var replaced: [(sentEnd: Int, end: Int, sentCount: Int, count: Int)] = []
    /// What values look like in the text and in themselves, and the placeholders that they stand for.
    private var written: [(text: String, source: SQLPlaceholder.Source)] = []

    fileprivate init(
        _ index: Int, of script: SQLScript, _ values: SQLValues, _ way: Way
    ) throws(SQLError) {
        dialect = script.dialect
        let statement = script.statements[index]
        var position = statement.start
        for placeholder in try script.placeholders(at: index) {
            guard let value = values[placeholder.source] else {
                let place = script.position(of: placeholder.start)
                throw SQLError(
                    code: "sql.placeholder-no-value",
                    SQLScript.placed(place) + "\(placeholder.source) has no value here.", at: place)
            }
            bytes += script.bytes[position..<placeholder.start]
            let start = bytes.count
            switch way {
            case .parameters(let sign):
                let next = placeholder.end < statement.end ? script.bytes[placeholder.end] : nil
                bytes += number(of: placeholder.source, value, sign, before: next)
            case .literals:
                do throws(SQLError) {
                    bytes += try value.literal(in: dialect)
                } catch {
                    var error = error
                    error.position = script.position(of: placeholder.start)
                    throw error
                }
                note(value, String(decoding: bytes[start...], as: UTF8.self), placeholder.source)
            }
            position = placeholder.end
            replaced.append(
                (bytes.count, position - statement.start, bytes.count - start, position - placeholder.start))
        }
        bytes += script.bytes[position..<statement.end]
        // Longest first, so that none cuts a longer one.
        written.sort { ($0.text.utf8.count, $0.text) > ($1.text.utf8.count, $1.text) }
    }

    /// The parameter's sign and number, with blanks where it would merge with its neighbours: `${x}5` is not number 15.
    private mutating func number(
        of source: SQLPlaceholder.Source, _ value: SQLValue, _ sign: Character, before next: UInt8?
    ) -> [UInt8] {
        let number: Int
        if let known = sources.firstIndex(of: source) {
            number = known + 1
        } else {
            sources.append(source)
            parameters.append(value)
            number = sources.count
        }
        let opening = bytes.last.map(\.isIdentifierPart) ?? false ? " " : ""
        let closing = next.map(\.isIdentifierPart) ?? false ? " " : ""
        return Array("\(opening)\(sign)\(number)\(closing)".utf8)
    }

    private mutating func note(_ value: SQLValue, _ literal: String, _ source: SQLPlaceholder.Source) {
        guard case .text(let text) = value else { return }
        written.append((String(literal.dropFirst().dropLast()), source))
        // Shorter ones would be found anywhere.
        if text.utf8.count >= 3 { written.append((text, source)) }
    }

    /// Where in the statement's own text an offset of the sent text lies, both in bytes; inside a value it is where the
    /// placeholder begins.
    public func statementOffset(of offset: Int) -> Int {
        var shift = 0
        for place in replaced {
            if offset < place.sentEnd - place.sentCount { break }
            if offset < place.sentEnd { return place.end - place.count }
            shift = place.end - place.sentEnd
        }
        return offset + shift
    }

    /// A column's name with the placeholders in it as they are written: `${n} + 1`, where a database makes a name of the
    /// expression.
    public func shown(column: String) -> String {
        guard !sources.isEmpty else { return column }
        let name = Array(column.utf8)
        var shown: [UInt8] = []
        var lexer = SQLLexer(dialect: dialect)
        var position = 0
        while true {
            let token = lexer.next(in: name.span)
            if token.kind == .end { break }
            guard token.kind == .parameter,
                let number = Int(String(decoding: name[token.range].dropFirst(), as: UTF8.self)),
                sources.indices.contains(number - 1)
            else { continue }
            shown += name[position..<token.start] + Array("\(sources[number - 1])".utf8)
            position = token.end
        }
        return String(decoding: shown + name[position...], as: UTF8.self)
    }

    /// A message of the database without values and numbers that its reader has not written.
    public func shown(message: String) -> String {
        var shown = message
        for (text, source) in written { shown = shown.replacing(bytes: text, with: "\(source)") }
        return sources.isEmpty ? shown : self.shown(quoting: shown)
    }

    /// `near "?1"` as `near "${x}"`.
    private func shown(quoting message: String) -> String {
        var shown = message
        for (index, source) in sources.enumerated() {
            for sign in ["?", "$"] { shown = shown.replacing(bytes: "\"\(sign)\(index + 1)\"", with: "\"\(source)\"") }
        }
        return shown
    }
}

extension SQLScript {
    /// The statement at `index` with its placeholders replaced; nil when it has none, and its own text is what to send.
    ///
    /// - Throws: ``SQLError`` `sql.value-nul`; `sql.placeholder-no-value` when `values` lacks one.
    public func sending(_ index: Int, with values: SQLValues, as way: SQLSending.Way) throws(SQLError) -> SQLSending? {
        guard statements[index].traits.contains(.placeholder) else { return nil }
        return try SQLSending(index, of: self, values, way)
    }
}
