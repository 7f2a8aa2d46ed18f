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
        return nil
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
