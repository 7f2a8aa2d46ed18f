import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Splitting a script into statements")
struct SplitterTests {
    @Test(arguments: try Corpora.load("splits", as: Corpora.Split.self))
    func splitsAsTheCorpusSays(_ entry: Corpora.Split) throws {
        for dialect in entry.dialects {
            let script = try SQLScript(parsing: Array(entry.sql.utf8), dialect: dialect)
            #expect(script.statements.map(script.text(of:)) == entry.statements, "\(dialect)")
            if let places = entry.places {
                #expect(script.statements.map { [$0.line, $0.column] } == places, "\(dialect)")
            }
        }
    }

    @Test(arguments: try Corpora.load("unterminated", as: Corpora.Unterminated.self))
    func whatIsLeftOpenIsAnErrorWhereItOpened(_ entry: Corpora.Unterminated) throws {
        for dialect in entry.dialects {
            let error = try #require(throws: SQLError.self) {
                try SQLScript(parsing: Array(entry.sql.utf8), dialect: dialect)
            }
            #expect(error.code == entry.code)
            #expect(error.category == .badInput)
            #expect(error.position == SourcePosition(line: entry.line, column: entry.column), "\(dialect)")
            #expect(error.message.contains("line \(entry.line), column \(entry.column)"))
        }
    }

    @Test func theErrorSaysWhatToWrite() throws {
        func message(_ sql: String, _ dialect: SQLDialect) throws -> String {
            try #require(throws: SQLError.self) { try SQLScript(parsing: Array(sql.utf8), dialect: dialect) }.message
        }
        #expect(
            try message("SELECT 'a", .blue)
                == "The text that a ' opens at line 1, column 8 is never closed. Write a closing ' (and '' for a ' inside)."
        )
        #expect(
            try message("SELECT $fn$ a", .postgres)
                == "The text that $fn$ opens at line 1, column 8 is never closed. Write a closing $fn$, in the same case."
        )
        #expect(
            try message("SELECT [a", .sqlite)
                == "The name that a [ opens at line 1, column 8 is never closed. Write a closing ].")
        #expect(
            try message("/* a", .sqlite)
                == "The comment that a /* opens at line 1, column 1 is never closed. Write a closing */.")
    }

    @Test(arguments: try Corpora.load("named-schemas", as: Corpora.NamedSchemas.self))
    func namesSchemasAsTheCorpusSays(_ entry: Corpora.NamedSchemas) throws {
        let script = try SQLScript(parsing: Array(entry.sql.utf8), dialect: .sqlite)
        #expect(script.statements.count == 1)
        #expect(script.namedSchemas(at: 0) == entry.schemas)
    }

    @Test(arguments: SQLDialect.allCases)
    func brokenUTF8IsSplitLikeAnythingElse(_ dialect: SQLDialect) throws {
        let bytes: [UInt8] =
            Array("SELECT '".utf8) + [0xFF, 0xC3, 0x28] + Array("'; ".utf8) + [0x80, 0xC0] + Array("; x".utf8)
        let script = try SQLScript(parsing: bytes, dialect: dialect)
        #expect(script.statements.map { Array(bytes[$0.start..<$0.end]).count } == [12, 2, 1])
    }

    @Test func aMarkInTheMiddleIsABlankToSQLiteAlone() throws {
        let bytes = Array("SELECT 1; \u{FEFF}; SELECT 2".utf8)
        #expect(try SQLScript(parsing: bytes, dialect: .sqlite).statements.count == 2)
        #expect(try SQLScript(parsing: bytes, dialect: .postgres).statements.count == 3)
    }
}
