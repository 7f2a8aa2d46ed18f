import Foundation
import Sluice
import Testing

/// What a person at a terminal sees; `script` of Debian's base system lends the terminal.
@Suite(.ownThreads) struct TerminalTests {
    private func show(_ sluice: CommandLine, _ job: String, environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        let program = CommandLine.products.appendingPathComponent("sluice").path
        process.arguments = ["-qec", "'\(program)' run '\(job)'", "/dev/null"]
        var variables = ProcessInfo.processInfo.environment
        variables["SLUICE_DATA"] = sluice.data.path
        variables["TERM"] = "xterm"
        variables["NO_COLOR"] = nil
        process.environment = variables.merging(environment) { _, own in own }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: said, as: UTF8.self)
    }

    @Test func theRunIsDrawnInPlaceInColour() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            ("a.sql", "CREATE TABLE t (a);"), ("b.py", "import time\nprint('busy')\ntime.sleep(0.4)"),
        ])
        let said = try show(sluice, job, environment: [:])
        #expect(said.contains("✓"))
        #expect(said.contains("\u{1B}[32m"), "done is green")
        #expect(said.contains("\u{1B}[2A"), "two lines are drawn again in place")
        #expect(said.contains("busy"), "the last line of the log stands beside a running task")
        #expect(said.contains("Completed Successfully"))
    }

    @Test func noColorKeepsThePictureAndDropsTheColours() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);")])
        let said = try show(sluice, job, environment: ["NO_COLOR": "1"])
        #expect(!said.contains("\u{1B}[32m"))
        #expect(said.contains("✓"))
    }

    @Test func aDumbTerminalGetsPlainLines() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [("a.sql", "CREATE TABLE t (a);")])
        let said = try show(sluice, job, environment: ["TERM": "dumb"])
        #expect(!said.contains("\u{1B}"))
        #expect(said.contains("t1: Done"))
    }

    @Test func whatAScriptPrintsCannotMoveTheCursor() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let job = try sluice.job(over: [
            (
                "a.py",
                #"""
                import time
                print("\x1b[2J\x1b]0;owned\x07boo")
                time.sleep(0.4)
                raise SystemExit("\x1b[31mred")
                """#
            )
        ])
        let said = try show(sluice, job, environment: [:])
        #expect(!said.contains("\u{1B}[2J"))
        #expect(!said.contains("\u{1B}]0;owned"))
        #expect(said.contains("boo"))
    }
}
