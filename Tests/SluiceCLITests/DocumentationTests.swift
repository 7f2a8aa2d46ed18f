import Foundation
import Sluice
import Testing

/// The README's table of JSON documents against what the program prints.
@Suite(.ownThreads) struct DocumentationTests {
    /// The documented fields by command, from the README's table.
    private static func documented() throws -> [String: Set<String>] {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "### JSON for programs").last)
        var fields: [String: Set<String>] = [:]
        for line in section.split(separator: "\n").drop(while: { !$0.hasPrefix("|---") }).dropFirst() {
            guard line.hasPrefix("|") else { break }
            let cells = line.split(separator: "|").map { names(in: $0) }
            for command in cells[0] { fields[command] = Set(cells[1]) }
        }
        return fields
    }

    /// The words between backticks.
    private static func names(in cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    @Test func everyDocumentHasTheFieldsThatTheReadmeNames() throws {
        let documented = try Self.documented()
        #expect(documented.count == 36)
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);"), ("b.py", "print('b'); raise SystemExit(1)")])
        try sluice.write("c.txt", "SELECT 1;")
        let commands: [(String, [String])] = [
            ("sync", []), ("scripts", []), ("scripts show", ["a.sql"]), ("scripts save", ["c", sluice.path("c.txt")]),
            ("plan", ["a.sql"]), ("run", [job]), ("job import", ["--save", job]), ("job list", []),
            ("job show", ["Job"]), ("job export", ["Job"]), ("runs", []), ("runs show", ["1"]),
            ("runs stop", ["1"]), ("runs rerun", ["1"]), ("logs", ["1.2"]), ("pool create", ["etl"]),
            ("pool list", []), ("pool set", ["etl", "--memory", "1G", "--wall", "5m"]), ("pool suspend", ["etl"]),
            ("pool resume", ["etl"]), ("pool default", ["default"]), ("pool delete", ["etl"]), ("doctor", []),
            ("backup", [sluice.path("backup")]),
            ("restore", [sluice.path("backup"), "--data", sluice.path("restored")]),
            ("prune", ["--older-than", "90d"]),
            ("schedule set", ["Job", "--cron", "@daily", "--zone", "UTC"]), ("schedule list", []),
            ("schedule pause", ["Job"]), ("schedule resume", ["Job"]), ("schedule show", ["Job"]),
            ("schedule preview", ["Job"]),
            ("schedule backfill", ["Job", "--from", "2026-01-01", "--to", "2026-01-02"]), ("schedule delete", ["Job"]),
        ]
        for (command, arguments) in commands {
            let result = try sluice.start(command.split(separator: " ").map(String.init) + arguments + ["--json"])
                .wait()
            guard case .object(let fields) = try result.document else {
                Issue.record("'\(command)' prints no object")
                continue
            }
            let known = try #require(documented[command], "the README does not name '\(command)'")
            #expect(Set(fields.keys).isSubset(of: known), "\(command): \(fields.keys.sorted())")
        }
    }
}
