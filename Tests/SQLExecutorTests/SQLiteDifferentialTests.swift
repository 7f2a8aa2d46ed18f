import CSQLite
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("SQLite itself ends statements where the splitter does")
struct SQLiteDifferentialTests {
    /// What `sqlite3_complete` takes for a trigger before its BEGIN or for what it is not, and what only the compiler knows.
    private static let different: [[UInt8]] = ["trigger", "(", "\u{FEFF}"].map { Array($0.utf8) }

    private func isComplete(_ bytes: some Collection<UInt8>) -> Bool {
        (Array(bytes) + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { sqlite3_complete($0.baseAddress) == 1 }
        }
    }

    private func check(_ bytes: [UInt8]) {
        guard let script = try? SQLScript(parsing: bytes, dialect: .sqlite) else { return }
        for statement in script.statements {
            let text = bytes[statement.start..<statement.end]
            if !isComplete(Array(text) + [UInt8(ascii: ";")]) { Issue.record("SQLite wants more than \(Array(text))") }
            for (offset, byte) in text.enumerated() where byte == UInt8(ascii: ";") {
                if isComplete(text.prefix(offset + 1)) { Issue.record("SQLite ends \(Array(text)) at \(offset)") }
            }
        }
    }

    @Test func onRandomBytes() {
        var soup = SQLSoup(seed: 7)
        var checked = 0
        while checked < 20_000 {
            let bytes = soup.script(pieces: 20)
            // A NUL ends the text for SQLite's function, which takes it as C does.
            guard !bytes.contains(0) else { continue }
            let small = bytes.map(\.lowered)
            guard Self.different.allSatisfy({ small.firstRange(of: $0) == nil }) else { continue }
            check(bytes)
            checked += 1
        }
    }

    @Test func onTriggers() {
        var soup = SQLSoup(seed: 11)
        for _ in 0..<10_000 {
            var text = [
                "create trigger g after insert on t begin ", "CREATE TEMP TRIGGER g BEGIN ",
                "explain create temporary trigger g begin ",
            ][soup.below(3)]
            for _ in 0..<soup.below(12) {
                text +=
                    [
                        "select 1;", "end;", " end", "case when 1 then 2 end", ";", "'; end;'", "/* ; end; */",
                        "-- ; end;\n", "\"end\"",
                        "[; end;]", "x", "begin", "END ;", "; END", " ",
                    ][soup.below(15)]
            }
            text += "; end; select 2"
            check(Array(text.utf8))
        }
    }

    @Test func onTheCorpus() throws {
        for entry in try Corpora.load("splits", as: Corpora.Split.self) where entry.dialects.contains(.sqlite) {
            let bytes = Array(entry.sql.utf8)
            if bytes.contains(0) || entry.sql.contains("$d::e(") || entry.sql.contains("trigger without a body") {
                continue
            }
            if entry.sql.hasPrefix("CREATE TRIGGER g AFTER INSERT ON t;") { continue }
            check(bytes)
        }
    }
}
