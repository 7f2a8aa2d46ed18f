import ArgumentParser
import Foundation

/// Measures what the README promises about speed.
@main
struct Benchmarks: ParsableCommand {
    @Option(help: "The folder of the release programs.")
    var binaries = ".build/release"

    @Option(help: "The plain interpreter to compare with.")
    var python = "/usr/bin/python3"

    @Option(help: "The SQLite shell to compare with.")
    var sqlite = "/usr/bin/sqlite3"

    @Option(help: "A folder for the data that is written; on a real disk, or durability costs nothing.")
    var scratch = ".build/bench"

    @Option(help: "How often each is measured; the median counts.")
    var rounds = 10

    @Option(help: "Measure only what has this in its name.")
    var only: String?

    @Flag(help: "Print every sample as JSON.")
    var json = false

    func validate() throws {
        guard rounds > 0 else { throw ValidationError("At least one round, please.") }
    }

    func run() throws {
        let folder = URL(filePath: scratch)
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let workshop = Workshop(
            binaries: URL(filePath: binaries), python: python, sqlite: sqlite, scratch: folder, rounds: rounds)

        let all: [(String, () throws -> Measurement)] = [
            ("40 Python tasks", workshop.pythonTasks),
            ("10,000 statements, each on its own", { try workshop.statements(inOneTransaction: false) }),
            ("10,000 statements in one transaction", { try workshop.statements(inOneTransaction: true) }),
            ("sluice --help", workshop.help),
            ("5,000 unchanged scripts", workshop.unchangedScripts),
            ("SQL lexer", { try LexerThroughput.measure(rounds: rounds) }),
        ]
        let chosen = all.filter { name, _ in only.map { name.localizedCaseInsensitiveContains($0) } ?? true }
        let report = Report(
            measurements: try chosen.map { name, measure in
                FileHandle.standardError.write(Data("  \(name) …\n".utf8))
                return try measure()
            }, rounds: rounds)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report.measurements), as: UTF8.self))
        } else {
            print("\n\(report.text)", terminator: "")
        }
        try FileManager.default.removeItem(at: folder)
    }
}
