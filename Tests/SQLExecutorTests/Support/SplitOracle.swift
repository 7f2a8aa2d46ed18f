import SluiceCore

@testable import SQLExecutor

/// Judges how a script was split, by other means than the splitter's. Property tests and the fuzzer share it.
enum SplitOracle {
    /// What is wrong with how the bytes are split, or nil: statements and what lies between them are the script, and between
    /// lies nothing that a statement would have.
    static func problem(_ bytes: [UInt8], _ dialect: SQLDialect) -> String? {
        let script: SQLScript
        do {
            script = try SQLScript(parsing: bytes, dialect: dialect)
        } catch {
            let isRight = error.position != nil && error.code.hasPrefix("sql.unterminated-")
            return isRight ? nil : "\(error) is no error of a splitter"
        }
        var rebuilt: [UInt8] = []
        var position = 0
        for (index, statement) in script.statements.enumerated() {
            guard statement.start >= position, statement.end > statement.start, statement.end <= bytes.count else {
                return "statement \(index) has the range \(statement.start)..<\(statement.end)"
            }
            let between = Array(bytes[position..<statement.start])
            if !isNothing(between, dialect, isFirst: index == 0) {
                return "\(between) stands before statement \(index)"
            }
            rebuilt += between + bytes[statement.start..<statement.end]
            position = statement.end
            let place = place(of: statement.start, in: bytes)
            if place != SourcePosition(line: statement.line, column: statement.column) {
                return "statement \(index) stands at \(place), not at \(statement.line):\(statement.column)"
            }
            if let problem = problem(of: statement, index, of: script) { return problem }
        }
        let rest = Array(bytes[position...])
        if !isNothing(rest, dialect, isFirst: script.statements.isEmpty) {
            return "\(rest) stands behind the last statement"
        }
        if rebuilt + rest != bytes { return "bytes are lost" }
        _ = try? script.plan(defaults: SessionDefaults())
        return problemOfResuming(script)
    }

    /// Nothing that reads a script for a resume fails, and what is said again stands before the place.
    private static func problemOfResuming(_ script: SQLScript) -> String? {
        for count in 0...script.statements.count {
            let state = SQLSessionState(after: count, of: script)
            if state.replayed.contains(where: { $0 >= count }) { return "what is said again had not run" }
            if let opener = state.opener, opener >= count { return "a transaction is open that was not opened" }
            _ = try? SQLResume.requireResumable(at: count, of: script)
            // Quadratic, and so not for the longest.
            if count > 12 { break }
        }
        return nil
    }

    /// Placeholders stand outside quotes and comments, and a statement that is sent holds their values and nothing else new.
    private static func problemOfPlaceholders(_ index: Int, of script: SQLScript) -> String? {
        let statement = script.statements[index]
        guard let placeholders = try? script.placeholders(at: index) else {
            return statement.traits.contains(.placeholder)
                ? nil : "statement \(index) has broken placeholders and no trait"
        }
        var values = SQLValues()
        for placeholder in placeholders {
            let text = script.bytes[placeholder.start..<placeholder.end]
            guard text.starts(with: Array("${".utf8)), text.last == UInt8(ascii: "}") else {
                return "\(Array(text)) is no placeholder"
            }
            guard let again = try? SQLScript(parsing: Array("\(placeholder.source)".utf8), dialect: script.dialect),
                (try? again.placeholders().map(\.source)) == [placeholder.source]
                    || text.contains(where: { $0 < 0x20 || $0 >= 0x80 })
            else { return "\(Array(text)) is not read as it is written" }
            values[placeholder.source] = .text(hostile)
        }
        for way in [SQLSending.Way.literals, .parameters(sign: script.dialect == .sqlite ? "?" : "$")] {
            guard let sending = try? script.sending(index, with: values, as: way) else {
                return placeholders.isEmpty ? nil : "statement \(index) cannot be sent"
            }
            if let problem = problem(of: sending, way, index, placeholders, script) { return problem }
        }
        return nil
    }

    /// Whatever a value holds, its statement stays one statement of the same tokens.
    private static let hostile = "'; DROP TABLE t; --\\' /* $$ \" ] `"

    private static func problem(
        of sending: SQLSending, _ way: SQLSending.Way, _ index: Int, _ placeholders: [SQLPlaceholder],
        _ script: SQLScript
    ) -> String? {
        let statement = script.statements[index]
        let place = "statement \(index), sent as \(sending.bytes)"
        guard let sent = try? SQLScript(parsing: sending.bytes, dialect: script.dialect), sent.statements.count <= 1
        else {
            return "\(place), is several"
        }
        let replacement: SQLTokenKind = way == .literals ? .string : .parameter
        let wanted = tokens(Array(script.bytes[statement.start..<statement.end]), script.dialect).map {
            $0.kind == .placeholder ? replacement : $0.kind
        }
        let found = tokens(sending.bytes, script.dialect)
        if found.map(\.kind) != wanted { return "\(place), has other tokens" }
        if sending.parameters.count != (way == .literals ? 0 : Set(placeholders.map(\.source)).count) {
            return "\(place), has \(sending.parameters.count) parameters"
        }
        // Every token comes back to where it stands in the script.
        let origins = tokens(Array(script.bytes[statement.start..<statement.end]), script.dialect).map(\.start)
        if found.map({ sending.statementOffset(of: $0.start) }) != origins { return "\(place), loses its places" }
        return nil
    }

    private static func tokens(_ bytes: [UInt8], _ dialect: SQLDialect) -> [SQLToken] {
        var lexer = SQLLexer(dialect: dialect)
        var tokens: [SQLToken] = []
        while true {
            let token = lexer.next(in: bytes.span)
            if token.kind == .end { return tokens }
            tokens.append(token)
        }
    }

    /// One statement: alone it is the same statement, and nothing that reads it fails.
    private static func problem(of statement: SQLStatement, _ index: Int, of script: SQLScript) -> String? {
        _ = script.text(of: statement)
        if script.redactedText(of: statement, limit: 7).utf8.count > 7 {
            return "statement \(index) is not cut at its limit"
        }
        _ = script.redactedText(of: statement)
        _ = script.namedSchemas(at: index)
        _ = try? script.use(of: statement)
        if let problem = problemOfPlaceholders(index, of: script) { return problem }
        let alone = Array(script.bytes[statement.start..<statement.end])
        // Only a mark at a script's beginning is a blank to all dialects.
        if alone.starts(with: [0xEF, 0xBB, 0xBF]) { return nil }
        guard let again = try? SQLScript(parsing: alone, dialect: script.dialect),
            again.statements.map({ $0.start..<$0.end }) == [0..<alone.count]
        else { return "\(alone) is not one statement of its own" }
        return nil
    }

    /// Whether the bytes hold no token that a statement would have.
    private static func isNothing(_ bytes: [UInt8], _ dialect: SQLDialect, isFirst: Bool) -> Bool {
        if !isFirst, dialect != .sqlite, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return false }
        return (try? SQLScript(parsing: bytes, dialect: dialect))?.statements.isEmpty ?? false
    }

    /// Line and column, counted the slow way.
    private static func place(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
        let first = bytes.starts(with: [0xEF, 0xBB, 0xBF]) && offset >= 3 ? 3 : 0
        let before = bytes[first..<offset]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? first
        return SourcePosition(
            line: before.count { $0 == 0x0A } + 1, column: bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 } + 1)
    }
}
