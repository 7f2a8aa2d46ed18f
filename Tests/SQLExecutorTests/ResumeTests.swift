import Foundation
import SluiceCore
import Testing

@testable import SQLExecutor

@Suite("A failed script goes on at a later statement")
struct ResumeTests {
    /// A step's record: `+` completed, `!` failed, `?` without an end.
    private func request(
        _ pinned: String, _ record: String, new: String? = nil, first: Int = 0, step: Int? = nil,
        choice: UnknownStepChoice? = nil, dialect: SQLDialect = .sqlite
    ) -> ResumeRequest {
        ResumeRequest(
            pinned: Data(pinned.utf8), content: Data((new ?? pinned).utf8),
            connection: ConnectionInfo(name: "c", kind: dialect.rawValue, dialect: dialect), firstStep: first,
            steps: record.enumerated().map {
                RecordedStep(index: first + $0.offset, ended: $0.element != "?", failed: $0.element == "!")
            }, step: step, unknownStep: choice)
    }

    private func plan(_ request: ResumeRequest) async throws -> ResumePlan {
        try await SQLExecutor().resumePlan(request)
    }

    private func refusal(_ request: ResumeRequest, _ location: SourceLocation = #_sourceLocation) async throws
        -> ResumeError
    {
        let error = await #expect(throws: ResumeError.self, sourceLocation: location) { try await plan(request) }
        let found = try #require(error, sourceLocation: location)
        #expect(found.category == .conflict)
        return found
    }

    private static let plain =
        "USE SCHEMA a;\nINSERT INTO t VALUES (1);\nUSE SCHEMA b;\nPRAGMA foreign_keys = OFF;\nINSERT INTO t VALUES (2);\nSELECT 1"

    // MARK: - Where

    @Test(
        arguments: [
            // record, first, wanted, choice; step, skipped, replayed, repeated
            ("++++!", 0, nil, nil, 4, [1], [0, 2, 3], []),
            ("+!", 0, nil, nil, 1, [], [0], []),
            ("", 0, nil, nil, 0, [], [], []),
            ("++++++", 0, nil, nil, 6, [1, 4, 5], [0, 2, 3], []),
            ("++++?", 0, nil, .skip, 5, [1, 4], [0, 2, 3], []),
            ("++++?", 0, nil, .repeat, 4, [1], [0, 2, 3], [4]),
            ("++++?", 0, 5, .skip, 5, [1, 4], [0, 2, 3], []),
            ("++++?", 0, 4, .repeat, 4, [1], [0, 2, 3], [4]),
            ("++++!", 0, 1, nil, 1, [], [0], [1, 2, 3]),
            ("++++!", 0, 4, nil, 4, [1], [0, 2, 3], []),
            ("+!", 3, nil, nil, 4, [1], [0, 2, 3], []),
            ("+?", 3, 3, .repeat, 3, [1], [0, 2], [3, 4]),
        ] as [(String, Int, Int?, UnknownStepChoice?, Int, [Int], [Int], [Int])])
    func goesOnAt(
        _ record: String, _ first: Int, _ wanted: Int?, _ choice: UnknownStepChoice?, _ step: Int, _ skipped: [Int],
        _ replayed: [Int], _ repeated: [Int]
    ) async throws {
        let plan = try await plan(request(Self.plain, record, first: first, step: wanted, choice: choice))
        #expect(plan.step == step)
        #expect(plan.skipped == skipped)
        #expect(plan.replayed == replayed)
        #expect(plan.repeated == repeated)
        #expect(plan.range?.line == (step < 6 ? step + 1 : nil))
    }

    @Test(
        arguments: [
            ("++++?", nil, nil, "resume.unknown-step", 4), ("++++?", 4, nil, "resume.unknown-step", 4),
            ("++++?", 4, .skip, "resume.unknown-step", 4), ("++++?", 5, nil, "resume.unknown-step", 4),
            ("++++?", 5, .repeat, "resume.unknown-step", 4), ("++++?", 1, nil, "resume.unknown-step", 4),
            ("++++!", 5, nil, "resume.not-reached", 4), ("++!", 4, .skip, "resume.not-reached", 2),
            ("++++?", 6, .skip, "resume.not-reached", 4), ("++++!", 7, nil, "resume.no-such-step", nil),
            ("++++!", -1, nil, "resume.no-such-step", nil), ("+++++++!", nil, nil, "resume.no-such-step", nil),
        ] as [(String, Int?, UnknownStepChoice?, String, Int?)])
    func isRefused(
        _ record: String, _ wanted: Int?, _ choice: UnknownStepChoice?, _ code: String, _ step: Int?
    ) async throws {
        let error = try await refusal(request(Self.plain, record, step: wanted, choice: choice))
        #expect(error.code == code)
        #expect(error.step == step)
        #expect(error.line == step.map { $0 + 1 })
    }

    // MARK: - What has changed

    @Test func whatComesBehindMayBeMendedAndCommentsMayCome() async throws {
        let new =
            "-- mended\n"
            + Self.plain.replacing("VALUES (2)", with: "VALUES (3)").replacing(";\nUSE", with: " ; /* x */\n\nUSE")
        #expect(try await plan(request(Self.plain, "++++!", new: new)).range?.line == 7)
    }

    @Test(arguments: [
        ("VALUES (1)", "VALUES (9)", 1, 2), ("USE SCHEMA b", "USE  SCHEMA b", 2, 3), ("USE SCHEMA a;\n", "", 0, 1),
    ])
    func whatRanMustBeWhatItWas(_ part: String, _ other: String, _ step: Int, _ line: Int) async throws {
        let error = try await refusal(request(Self.plain, "++++!", new: Self.plain.replacing(part, with: other)))
        #expect(error.code == "resume.changed")
        #expect(error.step == step)
        #expect(error.line == line)
    }

    @Test func aStatementThatIsGoneIsAChange() async throws {
        let error = try await refusal(request("SELECT 1;\nSELECT 2;\nSELECT 3", "++!", new: "SELECT 1"))
        #expect(error.code == "resume.changed")
        #expect(error.line == 2)
    }

    @Test func aScriptThatCannotBeReadIsRefusedAsAPlanWould() async throws {
        let error = await #expect(throws: SQLError.self) {
            try await plan(request("SELECT 1; SELECT 2", "+!", new: "SELECT 1; SELECT '2"))
        }
        #expect(error?.code == "sql.unterminated-string")
    }

    // MARK: - Transactions

    @Test(arguments: [
        "BEGIN; SELECT 1; X", "BEGIN IMMEDIATE; COMMIT; SAVEPOINT a; X", "BEGIN; ROLLBACK TO a; X",
        "SAVEPOINT a; RELEASE b; X",
        "SAVEPOINT a; SAVEPOINT b; RELEASE SAVEPOINT b; X", "BEGIN; SAVEPOINT a; RELEASE a; X", "COMMIT; BEGIN; X",
        "BEGIN; ROLLBACK TRANSACTION TO SAVEPOINT a; X", "START TRANSACTION; X",
    ])
    func insideATransactionIsRefused(_ sql: String) async throws {
        let count = sql.split(separator: ";").count
        let record = String(repeating: "+", count: count - 1) + "!"
        let error = try await refusal(request(sql, record, dialect: .postgres))
        #expect(error.code == "resume.in-transaction")
        // It says where one may go on, and there one may.
        let opener = try #require(error.step)
        #expect(try await plan(request(sql, record, step: opener, dialect: .postgres)).repeated == [])
    }

    @Test(arguments: [
        "BEGIN; COMMIT; X", "BEGIN; END TRANSACTION; X", "BEGIN; ROLLBACK; X", "SAVEPOINT a; RELEASE A; X",
        "SAVEPOINT \"a\"; RELEASE a; X",
        "BEGIN; SAVEPOINT a; COMMIT; X", "BEGIN; COMMIT AND NO CHAIN; X", "BEGIN; ABORT; X",

        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END; X", "SELECT 'BEGIN'; X",
    ])
    func behindOneItIsNot(_ sql: String) async throws {
        let script = try SQLScript(parsing: Array(sql.utf8), dialect: .sqlite)
        let record = String(repeating: "+", count: script.statements.count - 1) + "!"
        #expect(try await plan(request(sql, record)).step == script.statements.count - 1)
    }

    @Test func postgresChainsAndPreparesTransactions() async throws {
        let chained = request("BEGIN; COMMIT AND CHAIN; SELECT 1", "++!", dialect: .postgres)
        #expect(try await refusal(chained).message.contains("as a script of its own"))
        #expect(
            try await plan(request("BEGIN; PREPARE TRANSACTION 'a'; SELECT 1", "++!", dialect: .postgres)).step == 2)
        #expect(try await plan(request("COMMIT PREPARED 'a'; ABORT; SELECT 1", "++!", dialect: .postgres)).step == 2)
    }

    @Test func aStepInsideATransactionWasUndoneAndNeedsNoChoice() async throws {
        let sql =
            "INSERT INTO t VALUES (0); BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); COMMIT; SELECT 1"
        let error = try await refusal(request(sql, "+++?"))
        #expect(error.code == "resume.in-transaction")
        #expect(error.step == 1)
        let plan = try await plan(request(sql, "+++?", step: 1))
        #expect(plan.step == 1 && plan.repeated.isEmpty)
    }

    @Test func anUnknownCommitNeedsAChoice() async throws {
        let sql = "BEGIN; INSERT INTO t VALUES (1); COMMIT; SELECT 1"
        #expect(try await refusal(request(sql, "++?")).code == "resume.unknown-step")
        #expect(try await plan(request(sql, "++?", choice: .skip)).step == 3)
        #expect(try await refusal(request(sql, "++?", choice: .repeat)).code == "resume.in-transaction")
        #expect(try await refusal(request(sql, "++?", step: 0)).code == "resume.unknown-step")
        let plan = try await plan(request(sql, "++?", step: 0, choice: .repeat))
        #expect(plan.step == 0)
        #expect(plan.repeated == [0, 1, 2])
    }

    // MARK: - Temporary objects and other state

    @Test(arguments: [
        ("CREATE TEMP TABLE x(a)", SQLDialect.allCases),
        ("create temporary view if not exists x as select 1", SQLDialect.allCases),
        ("CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END", [.sqlite]),
        ("CREATE TABLE temp.x(a)", [.sqlite]),
        ("CREATE TABLE IF NOT EXISTS \"TEMP\" . x AS SELECT 1", [.sqlite]),
        ("CREATE TRIGGER temp.g AFTER INSERT ON t BEGIN SELECT 1; END", [.sqlite]),
        ("CREATE OR REPLACE TEMP VIEW x AS SELECT 1", [.postgres]),
        ("CREATE LOCAL TEMPORARY TABLE x(a int)", [.postgres]),
        ("CREATE TABLE pg_temp.x(a int)", [.postgres]), ("SELECT 1 AS a INTO TEMP x", [.postgres]),
        ("SELECT 1 INTO pg_temp.x", [.postgres]),
        ("CREATE TEMP SEQUENCE s", [.postgres]),
        ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$", [.postgres]),
        ("CREATE TEMP TABLE x(a); DROP TABLE x", [.sqlite]),
    ])
    func afterTemporaryObjectsIsRefused(_ sql: String, _ dialects: [SQLDialect]) async throws {
        for dialect in dialects {
            let script = try SQLScript(parsing: Array(sql.utf8), dialect: dialect)
            let record = String(repeating: "+", count: script.statements.count) + "!"
            let error = try await refusal(request("\(sql); SELECT 1", record, dialect: dialect))
            #expect(error.code == "resume.temporary-objects", "\(dialect)")
            #expect(error.step == 0)
            #expect(try await plan(request("\(sql); SELECT 1", record, step: 0, dialect: dialect)).step == 0)
        }
    }

    @Test(arguments: [
        "CREATE TABLE x(temp)", "CREATE TABLE temp_x(a)", "CREATE TABLE x AS SELECT temp.a FROM t AS temp",
        "SELECT temp.a FROM t temp",
        "DROP TABLE IF EXISTS x", "CREATE INDEX i ON temp(a)", "CREATE TABLE temp(a)",
        "INSERT INTO t SELECT 'CREATE TEMP TABLE x'",
    ])
    func namesAloneAreNoTemporaryObjects(_ sql: String) async throws {
        #expect(try await plan(request("\(sql); SELECT 1", "+!")).step == 1)
    }

    @Test(arguments: [
        ("SET search_path = a", SQLDialect.postgres, [0]), ("RESET ALL", .postgres, [0]),
        ("SET LOCAL x = 1", .postgres, []),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", .postgres, []), ("SET SESSION x = 1", .blue, [0]),
        ("PRAGMA foreign_keys = 0", .sqlite, [0]), ("PRAGMA foreign_keys(0)", .sqlite, [0]),
        ("PRAGMA foreign_keys", .sqlite, []),
        ("PRAGMA public.cache_size = 7", .sqlite, [0]), ("PRAGMA user_version = 7", .sqlite, []),
        ("PRAGMA table_info(t)", .sqlite, []),
        ("USE POOL p", .sqlite, [0]), ("SET x = 1", .sqlite, []),
    ])
    func settingsOfTheSessionAreSaidAgain(_ sql: String, _ dialect: SQLDialect, _ replayed: [Int]) async throws {
        #expect(try await plan(request("\(sql); SELECT 1", "+!", dialect: dialect)).replayed == replayed)
    }

    @Test(arguments: [
        ("PREPARE p AS SELECT 1", SQLDialect.postgres, 0), ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", .postgres, 0),
        ("LISTEN x", .postgres, 0),
        ("LOAD 'x'", .postgres, 0), ("SELECT set_config('a', 'b', false)", .postgres, 0),
        ("SELECT pg_advisory_lock(1)", .postgres, 0),
        ("INSERT INTO t VALUES (1); INSERT INTO u VALUES (last_insert_rowid())", .sqlite, 1),
        ("SELECT 1; SELECT 2; SELECT changes()", .sqlite, 2),
        ("SELECT 1; INSERT INTO t VALUES (2); SELECT total_changes ()", .sqlite, 2),
    ])
    func otherStateOfTheSessionIsRefused(_ sql: String, _ dialect: SQLDialect, _ step: Int) async throws {
        let error = try await refusal(request("\(sql); SELECT 9", "+!", dialect: dialect))
        #expect(error.code == "resume.session-state")
        #expect(error.step == step)
    }

    @Test(arguments: [
        "SELECT 1; INSERT INTO t VALUES (1); SELECT last_insert_rowid(), changes()", "SELECT 1; SELECT changes FROM t",
        "SELECT changes(); SELECT 1",
    ])
    func whatTheNewSessionKnowsIsFine(_ sql: String) async throws {
        #expect(try await plan(request(sql, "+!")).step == 1)
    }

    // MARK: - Running

    @Test func settingsAreInForceWhenItGoesOn() async throws {
        let house = try SQLiteHouse(schemas: ["a"])
        try await house.must("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p)", in: "a")
        let ran = try await house.run(
            "USE SCHEMA a; PRAGMA foreign_keys = ${off}; INSERT INTO c VALUES (1); INSERT INTO c VALUES (2)",
            inputs: TaskInputs(parameters: ["off": false]), resume: 3)
        #expect(ran.succeeded)
        #expect(ran.context.starts.map(\.index) == [3])
        #expect(try await house.must("SELECT p FROM c", in: "a") == ["p": 2])
    }

    @Test(arguments: [
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT", 1, "resume.in-transaction"),
        ("CREATE TEMP TABLE t(a); SELECT 1", 1, "resume.temporary-objects"),
        ("SELECT 1", 2, "resume.no-such-step"),
    ])
    func anAttemptHoldsTheRuleToo(_ sql: String, _ step: Int, _ code: String) async throws {
        let ran = try await SQLiteHouse().run(sql, resume: step)
        #expect(ran.failure?.code == code)
        #expect(ran.context.events.isEmpty)
    }
}
