import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A script runs statement by statement")
struct ScriptRunTests {
    @Test func everyStatementIsAStepRecordedBeforeAndAfter() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run(
            "CREATE TABLE t(a INT, b TEXT);\nINSERT INTO t VALUES (1,'x'),(2,'y');\n  SELECT a, b FROM t ORDER BY a;")
        #expect(ran.outcome == .succeeded(value: ["a": 1, "b": "x"]))
        #expect(ran.context.starts.map(\.index) == [0, 1, 2])
        #expect(ran.context.starts.map(\.range.line) == [1, 2, 3])
        #expect(ran.context.starts.map(\.range.column) == [1, 1, 3])
        #expect(ran.context.starts[2].text == "SELECT a, b FROM t ORDER BY a")
        #expect(ran.context.ends.map(\.rowsChanged) == [nil, 2, nil])
        #expect(ran.context.ends.map(\.rowsReturned) == [nil, nil, 2])
        #expect(ran.context.previews == [StepPreview(index: 2, columns: ["a", "b"], rows: [[1, "x"], [2, "y"]])])
        #expect(ran.context.events.first == .begun)
    }

    @Test func anErrorInStatementSeventeenOfFortyStopsThere() async throws {
        let house = try SQLiteHouse()
        var lines = (1...40).map { "CREATE TABLE t\($0)(a);" }
        lines[16] = "  INSERT INTO t1\n  SELEC 1;"
        let ran = try await house.run(lines.joined(separator: "\n"))
        let failure = try #require(ran.failure)
        #expect(failure.step == 16)
        #expect(failure.line == 18)
        #expect(failure.column == 3)
        #expect(failure.message == #"near "SELEC": syntax error"#)
        #expect(failure.code == "sql.error")
        #expect(ran.context.ends.count == 17)
        #expect(ran.context.ends.last?.failure == failure)
    }
}
