import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Whatever the bytes")
struct SplitterPropertyTests {
    private func check(_ bytes: [UInt8], _ dialect: SQLDialect) {
        if let problem = SplitOracle.problem(bytes, dialect) { Issue.record("\(bytes) in \(dialect): \(problem)") }
    }

    @Test(arguments: SQLDialect.allCases)
    func noByteIsLostAndNothingCrashes(_ dialect: SQLDialect) {
        var soup = SQLSoup(seed: 0x51_7C_C1_B7)
        for _ in 0..<6_000 { check(soup.script(pieces: 24), dialect) }
    }

    @Test(arguments: SQLDialect.allCases)
    func everyPrefixOfTheCorpusIsSafe(_ dialect: SQLDialect) throws {
        for entry in try Corpora.load("splits", as: Corpora.Split.self) {
            let bytes = Array(entry.sql.utf8)
            for end in 0...bytes.count { check(Array(bytes[..<end]), dialect) }
        }
    }
}
