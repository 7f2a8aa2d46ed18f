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
        ("COPY t FROM 'f' OPTIONS (AWS_SECRET = \"s\")", "COPY t FROM 'f' OPTIONS (AWS_SECRET = '***')"),
        ("CREATE USER a PASSWORD \"x\"", "CREATE USER a PASSWORD '***'"),
        ("UPDATE t SET password = x'6869', a = X'00'", "UPDATE t SET password = '***', a = X'00'"),
        ("SELECT 1 WHERE password == 'x'", "SELECT 1 WHERE password == '***'"),
        ("SELECT 'ghp_abcdefghijkl', 'gho_abcdefghijkl'", "SELECT '***', '***'"),
        ("SELECT 'github_pat_11AAAAAAA0', 'xoxb-1234-abcd'", "SELECT '***', '***'"),
        ("SELECT 'sk-live-abcdefgh', 'sk_live_abcdefgh', \"xoxp-1-abcdef\"", "SELECT '***', '***', '***'"),
        ("SELECT '-----BEGIN CERTIFICATE----- -----BEGIN PRIVATE KEY-----'", "SELECT '***'"),
        (
            "INSERT INTO c(u, password) VALUES ('bob','x'), ('it', lower('y')) RETURNING 'z'",
            "INSERT INTO c(u, password) VALUES ('bob','***'), ('it', lower('***')) RETURNING 'z'"
        ),
        (
            "INSERT INTO c(\"Token\", u) VALUES (x'00', f('a', 'b')), (12345, 6)",
            "INSERT INTO c(\"Token\", u) VALUES ('***', f('a', 'b')), ('***', 6)"
        ),
        (
            "INSERT INTO c(u, password) SELECT 'bob', 'x' FROM t WHERE a = 'b'",
            "INSERT INTO c(u, password) SELECT 'bob', '***' FROM t WHERE a = 'b'"
        ),
        (
            "WITH c(u, token) AS (VALUES ('a', 'b')) INSERT INTO d SELECT 'e', 'f' FROM c",
            "WITH c(u, token) AS (VALUES ('a', '***')) INSERT INTO d SELECT 'e', 'f' FROM c"
        ),
        ("UPDATE t SET (u, password) = ('bob', 'x')", "UPDATE t SET (u, password) = ('bob', '***')"),
        ("SELECT '{\"user\": \"bob\", \"password\" : \"x\"}'", "SELECT '***'"),
        (
            "INSERT INTO t VALUES ('{\"api_key\":\"k\"}', '{\"a\":\"b\"}')",
            "INSERT INTO t VALUES ('***', '{\"a\":\"b\"}')"
        ),
    ])
    func areBlanked(_ sql: String, _ expected: String) throws {
        #expect(try redacted(sql) == expected)
        #expect(try redacted(sql, .postgres) == expected)
    }

    @Test(arguments: [
        "SELECT 'password'", "SELECT password, 'x'", "SELECT tokenizer = 'porter'", "SELECT a = 'b', 'bearer of news'",
        "SELECT passwords FROM t WHERE name = 'token'", "SELECT 'a=b&c=d', 'x://y', 'e = mc2', 'eyJ'",
        "SELECT secret IS NULL, 'x'", "SELECT monkey = 'x'", "SELECT password \"p\", a.token \"t\" FROM a",
        "SELECT 1 FROM a WHERE password = \"b\".\"c\"", "SELECT 'a_ghp_b', 'task-live-abcdefgh', 'ghp_'",
        "INSERT INTO c(u, passwords) VALUES ('bob', 'x')", "INSERT INTO c(u, f) VALUES ('password', 'x')",
        "SELECT '{\"password\": null, \"a\": \"b\"}'", "INSERT INTO c(password) SELECT p FROM q WHERE r = 's'",
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

    @Test("Neither a column that is called as its expression is written, nor a cell that repeats a secret, shows it")
    func previewsAndValuesDoNotShowThem() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run(
            """
            CREATE TABLE t(password, b); INSERT INTO t VALUES ('hunter2', 'name');
            SELECT password='hunter2', password, b, X'68756E74' = password, password = X'68756e74', X'68756e74'
            FROM t WHERE password = 'hunter2';
            """)
        let preview = try #require(ran.context.previews.last)
        #expect(
            preview.columns == [
                "password='***'", "password", "b", "X'68756E74' = password", "password = '***'", "'***'",
            ])
        #expect(preview.rows == [[1, "***", "name", 0, 0, "***"]])
        #expect(
            ran.context.events.allSatisfy { event in
                if case .started(let start) = event { return start.index == 1 || !start.text.contains("hunter2") }
                return !"\(event)".contains("hunter2")
            })
        guard case .object(let value) = ran.value else {
            Issue.record("\(String(describing: ran.value)) is no object")
            return
        }
        #expect(value["password='***'"] == 1)
        #expect(value["password='hunter2'"] == nil)
    }

    @Test func aNameSpelledLikeASecretStaysAColumnsName() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("CREATE TABLE t(token, name); SELECT name FROM t WHERE token = 'name';")
        #expect(ran.context.previews.last?.columns == ["name"])
    }

    @Test func aTableMadeOfAnExpressionDoesNotShowIt() async throws {
        let house = try SQLiteHouse()
        let ran = try await house.run("CREATE TABLE t AS SELECT 'AKIAIOSFODNN7EXAMPLE', 1; SELECT * FROM t;")
        #expect(ran.context.previews.last?.columns == ["'***'", "1"])
    }

    @Test func aSecretLongerThanAPreviewShowsIsBlanked() async throws {
        let house = try SQLiteHouse()
        let secret = String(repeating: "k", count: SQLResult.previewValueLimit + 10)
        let ran = try await house.run(
            "CREATE TABLE t(token, u); INSERT INTO t(token, u) VALUES ('\(secret)', 'bob') RETURNING token, u;")
        #expect(ran.context.previews.last?.rows == [["***", "bob"]])
    }

    @Test(arguments: [
        "USE DATABASE 'hunter2'", "USE DATABASE d 'hunter2'", "USE POOL $$hunter2$$", "USE ghp_hunter2hunter2",
        "USE POOL p \"xoxb-hunter2\"",
    ])
    func theErrorOfAMalformedUseDoesNotShowThem(_ sql: String) throws {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .postgres)
        let error = try #require(throws: SQLError.self) { try script.use(of: script.statements[0]) }
        #expect(error.code == "sql.use-malformed")
        #expect(!error.message.contains("hunter2"))
        #expect(error.message.contains("has '***'."))
    }

    @Test func aLongTextIsCutBetweenCharacters() throws {
        let script = try SQLScript(parsing: Array("SELECT 'ééé'".utf8), dialect: .sqlite)
        #expect(script.redactedText(of: script.statements[0], limit: 10) == "SELECT 'é")
        #expect(script.redactedText(of: script.statements[0], limit: 11) == "SELECT 'é")
        #expect(script.redactedText(of: script.statements[0], limit: 12) == "SELECT 'éé")
    }
}
