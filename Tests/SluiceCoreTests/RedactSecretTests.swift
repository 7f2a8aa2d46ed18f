import Foundation
import SluiceCore
import Testing

@Suite("Secrets in text")
struct RedactSecretTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var text: String
        var redacted: String
        var testDescription: String { text }

        init(_ text: String, _ redacted: String) {
            self.text = text
            self.redacted = redacted
        }
    }

    @Test(
        "What a name announces is blanked, and the name stays",
        arguments: [
            Case("PASSWORD=hunter2", "PASSWORD=***"),
            Case("export DB_PASSWORD=hunter2", "export DB_PASSWORD=***"),
            Case("password: hunter2", "password: ***"),
            Case("password: swordfish", "password: ***"),
            Case("Password : hunter2 for bob", "Password : *** for bob"),
            Case("password = hunter2", "password = ***"),
            Case("passwd=hunter2;user=bob", "passwd=***;user=bob"),
            Case("host=db user=bob password=hunter2 dbname=x", "host=db user=bob password=*** dbname=x"),
            Case("Server=db;Uid=bob;Pwd=ab,c&d;Timeout=5", "Server=db;Uid=bob;Pwd=***;Timeout=5"),
            Case("PASSWORD=ab,cd&e)f", "PASSWORD=***"),
            Case("connect(user='bob', password='hunter2')", "connect(user='bob', password='***')"),
            Case("connect(password=hunter2, user=bob)", "connect(password=***, user=bob)"),
            Case("connect(password=hunter2)", "connect(password=***)"),
            Case("password='it''s so'", "password='***'"),
            Case("password=\"a \\\" b\" next", "password=\"***\" next"),
            Case("password='never closed", "password='***"),
            Case("password=b'hunter2'", "password=b'***'"),
            Case("AWS_SECRET=abc", "AWS_SECRET=***"),
            Case("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=***"),
            Case("aws_secret_access_key = wJalrXUtnFEMI", "aws_secret_access_key = ***"),
            Case("OPTIONS (AWS_ID = 'me', AWS_SECRET = 'abc')", "OPTIONS (AWS_ID = '***', AWS_SECRET = '***')"),
            Case("secretAccessKey: 'abc'", "secretAccessKey: '***'"),
            Case("ALTER ROLE bob PASSWORD 'hunter2' LOGIN", "ALTER ROLE bob PASSWORD '***' LOGIN"),
            Case("CREATE USER bob IDENTIFIED BY 'hunter2'", "CREATE USER bob IDENTIFIED BY '***'"),
            Case("secret => 'abc'", "secret => '***'"),
            Case("password := 'abc'", "password := '***'"),
            Case("X-Api-Key: 0123456789", "X-Api-Key: ***"),
            Case("apikey=abc123", "apikey=***"),
            Case("https://h/p?token=abc&user=bob", "https://h/p?token=***&user=bob"),
            Case("GET /x?access_token=abc.def HTTP/1.1", "GET /x?access_token=*** HTTP/1.1"),
            Case("two: password=a1 and password=b2", "two: password=*** and password=***"),
            Case("PASSWORD=ö€🙂 ok", "PASSWORD=*** ok"),
        ])
    func names(_ example: Case) { check(example) }

    @Test(
        "Members of JSON and of Python's dictionaries",
        arguments: [
            Case(#"{"user": "bob", "password": "hunter2"}"#, #"{"user": "bob", "password": "***"}"#),
            Case(#"{"password":"a\"b\\","x":1}"#, #"{"password":"***","x":1}"#),
            Case(#"s = "{\"token\": \"a\\\"b\", \"n\": 1}""#, #"s = "{\"token\": \"***\", \"n\": 1}""#),
            Case(#"{"password": 12345, "x": 1}"#, #"{"password": ***, "x": 1}"#),
            Case(#"{"password": null, "token": false}"#, #"{"password": null, "token": false}"#),
            Case(
                #"{"credentials": {"user": "bob", "secret": "x1"}}"#,
                #"{"credentials": {"user": "bob", "secret": "***"}}"#),
            Case(#"{'password': 'hunter2', 'n': 1}"#, #"{'password': '***', 'n': 1}"#),
            Case(#"text: "{\"password\": \"hunter2\", \"n\": 1}""#, #"text: "{\"password\": \"***\", \"n\": 1}""#),
        ])
    func members(_ example: Case) { check(example) }

    @Test(
        "Headers, URLs, tokens and keys are told by their looks",
        arguments: [
            Case("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
            Case("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
            Case("-H 'Authorization: Digest username=\"u\"'", "-H 'Authorization: Digest username=\"u\"'"),
            Case(#"{"Authorization": "Bearer abcdef12"}"#, #"{"Authorization": "***"}"#),
            Case(
                "authorization: AWS4-HMAC-SHA256 Credential=AK/x, Signature=ff", "authorization: AWS4-HMAC-SHA256 ***"),
            Case("sent Bearer abcdef123456 to it", "sent Bearer *** to it"),
            Case("postgres://bob:hunter2@db/x", "postgres://bob:***@db/x"),
            Case("redis://:hunter2@db:6379", "redis://:***@db:6379"),
            Case("open \"https://u:p@ss@h/\" now", "open \"https://u:***@h/\" now"),
            Case("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
            Case("AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY end", "*** *** end"),
            Case("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc ok", "*** ok"),
            Case("ghp_abcdef0123456789 and xoxb-123-abc", "*** and ***"),
            Case(
                "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n",
                "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\\n"),
        ])
    func looks(_ example: Case) {
        if example.text.contains("Digest") {
            // The quotes inside end what can be told; what is told is blanked.
            #expect(SecretRedactor().redacted(example.text) == "-H 'Authorization: Digest ***\"u\"'")
        } else {
            check(example)
        }
    }

    @Test(
        "Text about secrets stays readable",
        arguments: [
            "The password must have eight characters.",
            "password: must have at least eight characters",
            "Error: invalid password: it is too short",
            "Enter your password: ",
            "password is required",
            "passwords: 12, tokens: 5",
            "max_tokens=100 total_tokens: 31",
            "password_file=/etc/x password_hash=abc secret_name=x",
            "password: null token=None secret: true",
            "password=${DB_PASSWORD} token=<token>",
            "token: expired",
            "if token == expected: return",
            "while password != other: pass",
            "    token = next_token(stream)",
            "    password = os.environ[\"DB_PASSWORD\"]",
            "unexpected token: SELECT",
            "syntax error near unexpected token 'done'",
            "unknown token 'SELECT' in line 3",
            "The secret: practise.",
            "Bearer authentication is used here",
            "forbearer abcdefgh1",
            "see https://example.org:8443/a@b and mailto:a@b.c",
            "http://host:80/path?x=1",
            "10:00:00 a:b c=d e=f",
            "AKIAIOSFODNN7EXAMPL is too short",
            "SHA 0123456789abcdef0123456789abcdef01234567",
            "a-b_c-d snake_case --dry-run",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "SELECT 'password' AS label",
            "keyboard=qwerty monkey=1 turkey: roast",
            "",
            "=", ":", "'", "password", "password=", "password:", "://", "-----BEGIN ", "AKIA", "eyJ", "_", "token='",
        ])
    func readable(_ text: String) {
        #expect(SecretRedactor().redacted(text) == text)
    }

    @Test("Registered secrets are blanked wherever they stand, and in the forms in which they are sent")
    func registered() {
        let secret = "pä ss/w+rd\"1"
        let redactor = SecretRedactor(secrets: [secret, "abc", "hunter2", "hunter2-long"])
        let base64 = Data(secret.utf8).base64EncodedString()
        let basic = Data("someone:\(secret)!".utf8).base64EncodedString()
        #expect(redactor.redacted("a\(secret)b") == "a***b")
        #expect(redactor.redacted("x=p%C3%A4%20ss%2Fw%2Brd%221&y") == "x=***&y")
        #expect(redactor.redacted("x=p%c3%a4+ss%2fw%2brd%221&y") == "x=***&y")
        #expect(redactor.redacted("[\(base64)]") == "[***]")
        let found = redactor.redacted("<\(basic)>")
        #expect(found.contains("***") && found.count < basic.count / 2 + 8)
        #expect(redactor.redacted(#"said "pä ss/w+rd\"1" there"#) == #"said "***" there"#)
        // The longest first; too short ones are no secrets.
        #expect(redactor.redacted("hunter2-long hunter2-lon abc") == "*** ***-lon abc")
        #expect(redactor.redacted("hunter2hunter2") == "******")
        #expect(redactor.redacted("hunter") == "hunter")
    }

    @Test("Each line of a secret of several lines is one")
    func severalLines() {
        let redactor = SecretRedactor(secrets: ["first line of it\nend\nanother line"])
        #expect(redactor.redacted("a first line of it b\nend\nanother line") == "a *** b\nend\n***")
    }

    @Test("A private key is blanked line by line, and what follows it is not")
    func privateKey() {
        let key = """
            before
            -----BEGIN RSA PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED

            MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0Bh
            2026-03-02 INFO MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0Bh
            ab==
            -----END RSA PRIVATE KEY-----
            after done
            """
        let expected = """
            before
            -----BEGIN RSA PRIVATE KEY-----
            ***

            ***
            ***
            ***
            -----END RSA PRIVATE KEY-----
            after done
            """
        #expect(SecretRedactor().redacted(key) == expected)
    }

    @Test("A private key that is cut off does not swallow the log")
    func cutKey() {
        let text = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nloading 3 tables: done\npassword=x1"
        let expected = "-----BEGIN PRIVATE KEY-----\n***\nloading 3 tables: done\npassword=***"
        #expect(SecretRedactor().redacted(text) == expected)
        var state = SecretRedactor.State()
        let redactor = SecretRedactor()
        _ = redactor.redacted(line: "-----BEGIN PRIVATE KEY-----", state: &state)
        var blanked = 0
        for _ in 0..<10_000 where redactor.redacted(line: "YES", state: &state) == "***" { blanked += 1 }
        #expect(blanked == 400)
    }

    @Test("Parameters are blanked under a secret's name, and inside of every text")
    func values() throws {
        let value = JSONValue.object([
            "password": "hunter2", "pin_token": 5, "url": "ftp://u:p@h", "list": ["PASSWORD=x1", 7], "apiKey": .null,
            "credentials": ["user": "bob", "secret": "s"],
        ])
        let expected = JSONValue.object([
            "password": "***", "pin_token": "***", "url": "ftp://u:***@h", "list": ["PASSWORD=***", 7],
            "apiKey": .null, "credentials": ["user": "bob", "secret": "***"],
        ])
        #expect(SecretRedactor().redacted(value) == expected)
    }

    @Test("Blanking twice is blanking once, and bytes and text give the same")
    func idempotent() {
        let redactor = SecretRedactor(secrets: ["hunter2"])
        let texts = [
            "PASSWORD=abc x", "postgres://bob:hunter2@db/x", "Authorization: Bearer abc.def-123", "token: 5x",
            #"{"password": "a"}"#, "AKIAIOSFODNN7EXAMPLE", "ü PASSWORD=abc ü",
        ]
        for text in texts {
            let once = redactor.redacted(text)
            #expect(once != text)
            #expect(redactor.redacted(once) == once)
            var state = SecretRedactor.State()
            #expect(redactor.redacted(bytes: Array(text.utf8).span, state: &state) == Array(once.utf8))
        }
    }

    @Test(
        "A very long line takes no longer than its length",
        arguments: [
            "AKIAIOSFODNN7EXAMPLE ", "password=,", ",", "=", "\"", "\\", "://a:", "token: a ", "-----BEGIN PRIVATE KEY",
            "eyJ", "_", " ", "a=\\\"", "Authorization: x",
        ])
    func longLines(_ part: String) {
        let line = "password=x" + String(repeating: part, count: 300_000 / part.utf8.count) + "y"
        let elapsed = ContinuousClock().measure { _ = SecretRedactor(secrets: ["hunter2"]).redacted(line) }
        #expect(elapsed < .seconds(10))
    }

    @Test("Random bytes break nothing, and lines without a secret come back untouched")
    func noise() {
        var random: UInt64 = 42
        let alphabet = Array("password=:'\"\\ tokenBearerAKIAeyJ-_/@://0123\u{0}\u{FF}".utf8) + [0xFF, 0xC3]
        let redactor = SecretRedactor(secrets: ["toke", "AKIA0"])
        for _ in 0..<20_000 {
            var line: [UInt8] = []
            for _ in 0..<Int(random % 60) {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                line.append(alphabet[Int(random >> 33) % alphabet.count])
            }
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var state = SecretRedactor.State()
            let found = redactor.redacted(bytes: line.span, state: &state)
            if let found { #expect(found != line || line.contains(UInt8(ascii: "*"))) }
            _ = redactor.redacted(String(decoding: line, as: UTF8.self))
        }
    }

    private func check(_ example: Case) {
        #expect(SecretRedactor().redacted(example.text) == example.redacted)
    }
}
