import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("Secrets in a script are warned of and blanked")
struct SecretTests {
    private func redacted(_ sql: String, _ dialect: SQLDialect = .blue) throws -> String {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: dialect)
        return script.statements.map { script.redactedText(of: $0) }.joined(separator: "; ")
    }

    @Test(arguments: [
        (
            "COPY t FROM 's3://b/k' OPTIONS (AWS_ID = 'AKIAx', AWS_SECRET='s;''x', delimiter = '|')",
            "COPY t FROM 's3://b/k' OPTIONS (AWS_ID = '***', AWS_SECRET='***', delimiter = '|')"
        ),
        ("CREATE USER a PASSWORD 'x'", "CREATE USER a PASSWORD '***'"),
        ("CREATE ROLE a WITH ENCRYPTED password /* c */ 'x'", "CREATE ROLE a WITH ENCRYPTED password /* c */ '***'"),
        ("SET db_password TO 'x'", "SET db_password TO '***'"),
        ("CREATE USER a IDENTIFIED BY 'x'", "CREATE USER a IDENTIFIED BY '***'"),
        (
            "CALL f(api_key => 'x', \"Token\" := 'y', name => 'z')",
            "CALL f(api_key => '***', \"Token\" := '***', name => 'z')"
        ),
        ("SELECT 1 WHERE secret = E'a\\'b'", "SELECT 1 WHERE secret = '***'"),
        ("SELECT f('Authorization: Bearer abcdefgh12345678')", "SELECT f('***')"),
        ("SELECT 'AKIAIOSFODNN7EXAMPLE', 'AKIA no'", "SELECT '***', 'AKIA no'"),
        ("SELECT 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'", "SELECT '***'"),
        ("SELECT 'postgres://me:pw@host/db', 'http://host:80/a@b'", "SELECT '***', 'http://host:80/a@b'"),
        ("CREATE SERVER s OPTIONS (c 'host=db password=pw')", "CREATE SERVER s OPTIONS (c '***')"),
        ("SELECT '-----BEGIN RSA PRIVATE KEY-----'", "SELECT '***'"),
        ("SELECT 1 -- password = 'x'\n + 2", "SELECT 1 -- password = '***'\n + 2"),
        ("/*+ token='x' */ SELECT 1 /* secret: 'y' it's */", "/*+ token='***' */ SELECT 1"),
        (
            "CREATE FUNCTION f() AS $$ SELECT PASSWORD = 'x'; $$",
            "CREATE FUNCTION f() AS $$ SELECT PASSWORD = '***'; $$"
        ),
        ("SET password = $x$pw$x$", "SET password = '***'"),
    ])
    func areBlanked(_ sql: String, _ expected: String) throws {
        #expect(try redacted(sql) == expected)
        #expect(try redacted(sql, .postgres) == expected)
    }

    @Test(arguments: [
        "SELECT 'password'", "SELECT password, 'x'", "SELECT tokenizer = 'porter'", "SELECT a = 'b', 'bearer of news'",
        "SELECT passwords FROM t WHERE name = 'token'", "SELECT 'a=b&c=d', 'x://y', 'e = mc2', 'eyJ'",
        "SELECT secret IS NULL, 'x'", "SELECT monkey = 'x'",
    ])
    func otherTextsStay(_ sql: String) throws {
        for dialect in SQLDialect.allCases {
            #expect(try redacted(sql, dialect) == sql)
            let script = try SQLScript(parsing: Array(sql.utf8), dialect: dialect)
            #expect(try script.plan(defaults: SessionDefaults()).warnings.allSatisfy { $0.code != "sql.secret" })
        }
    }

    @Test func eachIsWarnedOfWhereItStands() throws {
        let script = try SQLScript(
            parsing: Array("COPY t FROM 'x' OPTIONS (AWS_ID = 'a',\n  AWS_SECRET = 'b'); SET é = 1, token = 'c'".utf8),
            dialect: .blue)
        let warnings = try script.plan(defaults: SessionDefaults()).warnings
        #expect(warnings.map(\.code) == ["sql.secret", "sql.secret", "sql.secret"])
        #expect(warnings.map(\.line) == [1, 2, 2])
        #expect(warnings.map(\.column) == [35, 16, 41])
        #expect(warnings.allSatisfy { !$0.message.contains("'b'") })
    }

    @Test("Two secrets on one line, nested ones too, are two warnings, and each place is named once")
    func noPlaceIsWarnedOfTwice() throws {
        let sql = "ALTER ROLE r PASSWORD 'a', token = 'b'; DO $$ SET password = 'x' /* token = 'y' */ $$"
        for dialect in [SQLDialect.postgres, .blue] {
            let script = try SQLScript(parsing: Array(sql.utf8), dialect: dialect)
            let warnings = try script.plan(defaults: SessionDefaults()).warnings
            #expect(warnings.map(\.line) == Array(repeating: 1, count: warnings.count), "\(dialect)")
            #expect(warnings.prefix(2).map(\.column) == [23, 36], "\(dialect)")
            #expect(warnings.count >= 2 && Set(warnings).count == warnings.count, "\(dialect)")
        }
    }

    @Test func neitherStepsNorErrorsShowThem() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("CREATE TABLE t(a);\nSELECT * FROM t WHERE password = 'hunter2' AND \"hunter2\";")
        #expect(ran.context.starts[1].text == "SELECT * FROM t WHERE password = '***' AND \"hunter2\"")
        let syntax = try await house.run("INSERT INTO nowhere(token 'hunter2');")
        let failure = try #require(syntax.failure)
        #expect(!failure.message.contains("hunter2"))
        #expect(failure.message == #"near "'***'": syntax error"#)
        #expect(syntax.context.events.allSatisfy { !"\($0)".contains("hunter2") })
    }

    @Test func aLongTextIsCutBetweenCharacters() throws {
        let script = try SQLScript(parsing: Array("SELECT 'ééé'".utf8), dialect: .sqlite)
        #expect(script.redactedText(of: script.statements[0], limit: 10) == "SELECT 'é")
        #expect(script.redactedText(of: script.statements[0], limit: 11) == "SELECT 'é")
        #expect(script.redactedText(of: script.statements[0], limit: 12) == "SELECT 'éé")
    }
}
