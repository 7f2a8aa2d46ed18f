import Foundation
import Testing

@Suite("What the README shows is there")
struct ReadmeTests {
    @Test("Every command of the README is one of the program, and every option one of the command's")
    func commands() async throws {
        let shown = Set(try Self.commands(in: House.text("README.md")))
        #expect(shown.count > 10)
        for command in shown {
            let help = try await Command.run(
                House.products.appending(path: "sluice").path, command.words + ["--help"])
            #expect(help.status == 0, "sluice \(command.words.joined(separator: " ")): \(help.errors)")
            let names = command.words.joined(separator: " ")
            #expect(help.text.contains("USAGE: sluice \(names)"), "sluice \(names): \(help.text)")
            for option in command.options {
                #expect(help.text.contains(option), "sluice \(names) has no \(option)")
            }
        }
    }

    @Test("The README has every command of the program")
    func completeness() async throws {
        let shown = Set(try Self.commands(in: House.text("README.md")).flatMap(\.words))
        let help = try await Command.run(House.products.appending(path: "sluice").path, ["--help"])
        let list = help.text.split(separator: "SUBCOMMANDS:").last ?? ""
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
