import SluiceCore
import Testing

@testable import SQLExecutor

/// Random bytes made of what is hardest to split.
struct SQLSoup {
    /// SplitMix64: a fixed seed gives the same cases on every machine.
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    static let fragments: [[UInt8]] =
        [
            ";", ";;", "'", "''", "\"", "\"\"", "`", "[", "]", "(", ")", "--", "/*", "*/", "/*+", "$", "$$", "$a$",
            "$A$", "$1",
            "E'", "e'", "\\", "\\'", "\n", "\r\n", "\r", "\t", " ", ".", "..", ",", "=", "=>", ":=", "::", "@", "@@",
            ":a", "?1",
            "#", "{", "}", "a", "b.c", "SELECT", "USE", "CREATE", "TEMP", "TRIGGER", "BEGIN", "END", "CASE", "ATOMIC",
            "FUNCTION", "RULE", "OR", "REPLACE", "WITH", "INTO", "EXPLAIN", "1", "1.5", ".5", "1e", "1e+", "0x", "é",
            "日本",
            "👩‍💻", "\u{FEFF}", "PASSWORD", "'secret'", "Bearer ", "://u:p@",
        ].map { Array($0.utf8) } + [[0], [0x80], [0xC3], [0xFF], [0xEF, 0xBB], [0xE2, 0x82], [0x0B], [0x0C]]

    mutating func script(pieces: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<below(pieces + 1) {
            bytes += Self.fragments[below(Self.fragments.count)]
            if below(3) == 0 { bytes.append(0x20) }
        }
        return bytes
    }
}

@Suite("Whatever the bytes")
struct SplitterPropertyTests {
    /// Statements and what lies between them are the script; between lie only blanks, comments, `;` and BOMs.
    static func check(_ bytes: [UInt8], _ dialect: SQLDialect) {
        let script: SQLScript
        do {
            script = try SQLScript(parsing: bytes, dialect: dialect)
        } catch {
            #expect(error.position != nil)
            #expect(error.code.hasPrefix("sql.unterminated-"))
            return
        }
        var rebuilt: [UInt8] = []
        var position = 0
        for (index, statement) in script.statements.enumerated() {
            guard statement.start >= position, statement.end > statement.start, statement.end <= bytes.count else {
                Issue.record(
                    "statement \(index) of \(bytes) in \(dialect) has the range \(statement.start)..<\(statement.end)")
                return
            }
            let between = Array(bytes[position..<statement.start])
            if !Self.isNothing(between, dialect, isFirst: index == 0) {
                Issue.record("\(between) between statements of \(bytes) in \(dialect)")
            }
            rebuilt += between + bytes[statement.start..<statement.end]
            position = statement.end
            let place = Self.place(of: statement.start, in: bytes)
            if place != SourcePosition(line: statement.line, column: statement.column) {
                Issue.record(
                    "statement \(index) of \(bytes) stands at \(place), not \(statement.line):\(statement.column)")
            }
            _ = script.text(of: statement)
            _ = script.redactedText(of: statement, limit: 7)
            _ = script.namedSchemas(at: index)
            _ = try? script.use(of: statement)
        }
        let rest = Array(bytes[position...])
        if !Self.isNothing(rest, dialect, isFirst: script.statements.isEmpty) {
            Issue.record("\(rest) behind the statements of \(bytes) in \(dialect)")
        }
        if rebuilt + rest != bytes { Issue.record("bytes of \(bytes) are lost in \(dialect)") }
        _ = try? script.plan(defaults: SessionDefaults())
    }

    /// Whether the bytes hold no token that a statement would have.
    private static func isNothing(_ bytes: [UInt8], _ dialect: SQLDialect, isFirst: Bool) -> Bool {
        guard let script = try? SQLScript(parsing: bytes, dialect: dialect) else { return false }
        if !isFirst, dialect != .sqlite, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return false }
        return script.statements.isEmpty
    }

    /// Line and column, counted the slow way.
    private static func place(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
        let first = bytes.starts(with: [0xEF, 0xBB, 0xBF]) && offset >= 3 ? 3 : 0
        let before = bytes[first..<offset]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? first
        return SourcePosition(
            line: before.count { $0 == 0x0A } + 1, column: bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 } + 1)
    }

    @Test(arguments: SQLDialect.allCases)
    func noByteIsLostAndNothingCrashes(_ dialect: SQLDialect) {
        var soup = SQLSoup(seed: 0x51_7C_C1_B7)
        for _ in 0..<6_000 { Self.check(soup.script(pieces: 24), dialect) }
    }

    @Test(arguments: SQLDialect.allCases)
    func everyPrefixOfTheCorpusIsSafe(_ dialect: SQLDialect) throws {
        for entry in try Corpora.load("splits", as: Corpora.Split.self) {
            let bytes = Array(entry.sql.utf8)
            for end in 0...bytes.count { Self.check(Array(bytes[..<end]), dialect) }
        }
    }

    @Test(arguments: SQLDialect.allCases)
    func aScriptSplitsTheSameFromItsStatementsAlone(_ dialect: SQLDialect) throws {
        var soup = SQLSoup(seed: 42)
        for _ in 0..<3_000 {
            let bytes = soup.script(pieces: 16)
            guard let script = try? SQLScript(parsing: bytes, dialect: dialect) else { continue }
            for statement in script.statements {
                let alone = Array(bytes[statement.start..<statement.end])
                // Only a mark at a script's beginning is a blank to all dialects.
                if alone.starts(with: [0xEF, 0xBB, 0xBF]) { continue }
                let again = try SQLScript(parsing: alone, dialect: dialect)
                if again.statements.map({ $0.start..<$0.end }) != [0..<alone.count] {
                    Issue.record("\(alone) is not one statement of its own in \(dialect)")
                }
            }
        }
    }
}
