import Foundation
import Sluice
import Testing

@Suite(.ownThreads) struct PoolCommandTests {
    @Test func poolsAreMadeChangedAndDeleted() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let made = try sluice.run(
            "pool", "create", "etl", "--slots", "3", "--queue-limit", "2h", "--attempt-limit", "90", "--memory", "512M",
            "--cpu", "15m", "--processes", "8", "--log-bytes", "10M", "--wall", "1d", "--json")
        #expect(made.status == 0, "\(made.errors)")
        let pool = try made.document
        #expect(pool["slots"] == 3 && pool["queueLimit"] == 7_200 && pool["attemptLimit"] == 90)
        #expect(pool["memory"] == .integer(512 << 20) && pool["cpu"] == 900 && pool["processes"] == 8)
        #expect(pool["logBytes"] == .integer(10 << 20) && pool["wall"] == 86_400)
        #expect(pool["isDefault"] == false && pool["isSuspended"] == false)
        #expect(try sluice.run("pool", "create", "etl").errors.contains("There is a pool 'etl' already"))

        let changed = try sluice.run("pool", "set", "etl", "--slots", "5", "--memory", "none", "--json").document
        #expect(changed["slots"] == 5 && changed["memory"] == nil && changed["cpu"] == 900)
        #expect(
            try sluice.run("pool", "default", "etl").output == "Pool 'etl' is the default pool: 5 slots; limits: "
                + "queue 2 h 00 min, attempt 1 min 30 s, computing 15 min 00 s, 8 processes, log 10 MiB, script 24 h 00 min\n"
        )
        #expect(try sluice.run("pool", "delete", "etl").status == 2, "the default pool stays")
        #expect(try sluice.run("pool", "default", "default").status == 0)
        #expect(try sluice.run("pool", "delete", "etl").status == 0)
        let unknown = try sluice.run("pool", "suspend", "etl")
        #expect(unknown.status == 2 && unknown.errors.contains("There is: default."), "\(unknown.errors)")
        for bad in [["--slots", "-1"], ["--memory", "lots"], ["--wall", "0"], ["--queue-limit", "1y"], []] {
            #expect(try sluice.start(["pool", "set", "default"] + bad).wait().status == 2, "\(bad)")
        }
    }

    @Test func aSuspendedPoolKeepsItsQueueAndTellsThePlacesInLine() async throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        try sluice.run("pool", "create", "etl")
        try sluice.run("pool", "suspend", "etl")
        let job = try sluice.job(over: [("a.sql", "USE POOL etl;\nSELECT 1 AS one;")])
        let server = try await Server(sluice)
        let first = try sluice.start(["run", job])
        func waiting() throws -> JSONValue? {
            try sluice.run("pool", "list", "--json").document["pools"]?[1]?["waiting"]
        }
        while try waiting() != 1 { await Task.yield() }
        let second = try sluice.start(["run", job])
        while try waiting() != 2 { await Task.yield() }
        let list = try sluice.run("pool", "list", "--json").document["pools"]?[1]
        #expect(list?["holding"] == 0 && list?["isSuspended"] == true)
        #expect(try sluice.run("runs", "show", "1").output.contains("waits for pool etl, 1st in line"))
        #expect(try sluice.run("runs", "show", "2").output.contains("waits for pool etl, 2nd in line"))
        #expect(try sluice.run("runs", "show", "2", "--json").document["tasks"]?[0]?["placeInLine"] == 2)
        #expect(try sluice.run("pool", "delete", "etl").errors.contains("Tasks run or wait in the pool 'etl'"))
        #expect(try sluice.run("pool", "resume", "etl").status == 0)
        #expect(try first.wait().status == 0)
        #expect(try second.wait().status == 0)
        #expect(try server.stop().status == 0)
    }
}
