import Foundation
import Testing

@Suite("What the README shows is there")
struct ReadmeTests {
    @Test("Every command of the README is one of the program, and every option one of the command's")
    func commands() async throws {
        let shown = Set(try Self.commands(in: House.text("README.md")))
        #expect(shown.count > 10)
        for command in shown {
            let names = command.words.joined(separator: " ")
            let help = try await Self.help(of: command.words)
            #expect(help.contains("USAGE: sluice \(names)"), "sluice \(names): \(help)")
            for option in command.options {
                #expect(help.contains(option), "sluice \(names) has no \(option)")
            }
        }
    }

    @Test("The README has every command of the program")
    func completeness() async throws {
        let shown = Set(try Self.commands(in: House.text("README.md")).flatMap(\.words))
        let list = try await Self.help(of: []).split(separator: "SUBCOMMANDS:").last ?? ""
        let names = list.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().prefix { !$0.isEmpty }
            .compactMap { $0.hasPrefix("   ") ? nil : $0.split(separator: " ").first.map(String.init) }
        #expect(names.count > 5)
        for name in names { #expect(shown.contains(name), "the README does not tell of sluice \(name)") }
    }

    @Test("Every make target that the documents name is in the Makefile")
    func makeTargets() throws {
        let makefile = try House.text("Makefile")
        for document in ["README.md", "CONTRIBUTING.md"] {
            for match in try House.text(document).matches(of: /(?:^|`)make ([a-z][a-z-]*)/.anchorsMatchLineEndings()) {
                #expect(makefile.contains("\n\(match.1):"), "\(document) names make \(match.1)")
            }
        }
    }

    @Test("Every setting that the sources read from the environment is in the README, and it names no other")
    func environment() throws {
        // In C the prefix also names constants; only Swift reads settings, and writes their names as they are said.
        let read = try House.files(below: ["Sources", "Plugins"], endings: ["swift"]).reduce(into: Set<String>()) {
            names, file in
            for match in try House.text(file).matches(of: /"(SLUICE_[A-Z_]+)"/) { names.insert(String(match.1)) }
        }
        #expect(read.contains("SLUICE_DATA") && read.contains("SLUICE_PYTHON_WORKER"))
        let told = Set(try House.text("README.md").matches(of: /SLUICE_[A-Z_]+/).map { String($0.output) })
        #expect(told == read, "in one place alone: \(told.symmetricDifference(read).sorted())")
    }

    @Test("Every option of the program is in the README, at its command")
    func options() async throws {
        let everywhere: Set = ["--data", "--json", "--version", "--help"]
        let readme = try House.text("README.md")
        let shown = Dictionary(grouping: Self.commands(in: readme), by: \.words).mapValues { $0.flatMap(\.options) }
        for (words, options) in shown {
            // An option is told of at the start of a line, two spaces in; texts around it may name others.
            let told = /^ {2}(?:-[a-z], )?(--[a-z-]+)/.anchorsMatchLineEndings()
            for match in try await Self.help(of: words).matches(of: told) {
                let option = String(match.1)
                guard !everywhere.contains(option), !options.contains(option) else { continue }
                Issue.record("the README shows sluice \(words.joined(separator: " ")) without \(option)")
            }
        }
    }

    @Test("Every file that the documents link to is there")
    func links() throws {
        for document in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
            for match in try House.text(document).matches(of: /\]\(([^)#:]+)\)/) {
                #expect(
                    FileManager.default.fileExists(atPath: House.root.appending(path: String(match.1)).path),
                    "\(document) links to \(match.1)")
            }
        }
    }

    /// What `sluice` says of a command, and of the one below it that runs where none is named.
    private static func help(of words: [String]) async throws -> String {
        let program = House.products.appending(path: "sluice").path
        let help = try await Command.run(program, words + ["--help"])
        #expect(help.status == 0, "sluice \(words.joined(separator: " ")): \(help.errors)")
        guard let match = help.text.firstMatch(of: /^ {2}([a-z]+) \(default\)/.anchorsMatchLineEndings()) else {
            return help.text
        }
        return help.text + (try await Command.run(program, words + [String(match.1), "--help"]).text)
    }

    /// `sluice job import FILE [--save]` is the words `job import` and the option `--save`.
    private struct Invocation: Hashable {
        var words: [String]
        var options: [String]
    }

    /// The lines of code blocks and the cells of tables that begin with `sluice`.
    private static func commands(in markdown: String) -> [Invocation] {
        markdown.split(separator: "\n").compactMap { line in
            let start = line.hasPrefix("| `sluice ") ? line.dropFirst(3) : line
            guard start.hasPrefix("sluice ") else { return nil }
            let command = start.prefix { $0 != "`" && $0 != "#" }
            let parts = command.split { " []|\\".contains($0) }.dropFirst().map(String.init)
            // Words in lower case are commands up to the first that is an argument: a placeholder, a path, a name.
            let words = parts.prefix { $0.allSatisfy { $0.isLowercase && $0.isLetter } }
            return Invocation(words: Array(words), options: parts.filter { $0.hasPrefix("--") })
        }
    }
}
