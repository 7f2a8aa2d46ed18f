import Foundation
import Testing

@Suite("The house stands as CONTRIBUTING.md draws it")
struct PackageTests {
    private let table: TargetTable

    init() throws { table = try TargetTable(markdown: House.text("CONTRIBUTING.md")) }

    @Test("Every target of the package has its row in the table, at its path, and the table has no other row")
    func targetsAndRows() async throws {
        let targets = try await dumpedPackage().targets.filter { $0.type != "test" }
        #expect(Set(targets.map(\.name)) == Set(table.rows.map(\.target)))
        for target in targets {
            #expect(table[target.name]?.path == target.path ?? "Sources/\(target.name)", "\(target.name)")
        }
    }

    @Test("A target depends on nothing but what its row allows")
    func dependencies() async throws {
        for target in try await dumpedPackage().targets where target.type != "test" {
            let row = try #require(table[target.name], "\(target.name) is not in the table")
            let excess = Set(target.dependencies.map(\.name)).subtracting(row.mayImport)
            #expect(excess.isEmpty, "\(target.name) depends on \(excess.sorted())")
        }
    }

    @Test("A row allows nothing that its target does not use")
    func unusedPermissions() async throws {
        for target in try await dumpedPackage().targets where target.type != "test" {
            let row = try #require(table[target.name], "\(target.name) is not in the table")
            let unused = row.mayImport.subtracting(target.dependencies.map(\.name)).subtracting(ImportTests.toolchain)
            #expect(unused.isEmpty, "the table still allows \(target.name) to import \(unused.sorted())")
        }
    }

    @Test("Every target is Swift 6 or C with all warnings on, and no warning of either passes")
    func settings() async throws {
        for target in try await dumpedPackage().targets where target.type != "system" {
            let path = target.path ?? (target.type == "test" ? "Tests" : "Sources") + "/\(target.name)"
            let isC = try House.files(below: [path], endings: ["swift"]).isEmpty
            let expected: Set<DumpedPackage.Setting> =
                isC
                ? [.c("enableWarning", "all"), .c("enableWarning", "extra"), .c("treatAllWarnings", "error")]
                : [.swift("swiftLanguageMode", "6"), .swift("treatAllWarnings", "error")]
            #expect(expected.isSubset(of: target.settings), "\(target.name) lacks some of \(expected)")
        }
    }

    @Test("Tests mirror targets")
    func testTargets() async throws {
        let targets = try await dumpedPackage().targets
        let names = Set(targets.filter { $0.type != "test" }.map(\.name))
        for test in targets where test.type == "test" && test.name != "HouseTests" {
            #expect(test.name.hasSuffix("Tests") && names.contains(String(test.name.dropLast(5))), "\(test.name)")
        }
    }

    @Test(
        "A host app that wants no script type of ours gets none: no target of Sources/ but the command line needs one")
    func pluginsAreApart() async throws {
        let targets = try await dumpedPackage().targets
        let plugins = Set(targets.filter { $0.path?.hasPrefix("Plugins/") == true }.map(\.name))
        #expect(plugins.contains("SQLExecutor") && plugins.contains("PythonExecutor"))
        for target in targets where target.type != "test" && !plugins.contains(target.name) {
            guard target.name != "SluiceCLI" else { continue }
            #expect(plugins.isDisjoint(with: target.dependencies.map(\.name)), "\(target.name)")
        }
    }

    /// What the manifest says. A scratch folder of its own keeps this from waiting for the `swift test` that runs it.
    private func dumpedPackage() async throws -> DumpedPackage {
        try await House.withTemporaryFolder { scratch in
            let dump = try await Command.run(
                "swift",
                ["package", "--package-path", House.root.path, "--scratch-path", scratch.path, "dump-package"])
            try #require(dump.status == 0, "\(dump.errors)")
            return try JSONDecoder().decode(DumpedPackage.self, from: dump.output)
        }
    }
}

/// The part of `swift package dump-package` that is looked at here.
private struct DumpedPackage: Decodable {
    var targets: [Target]

    struct Target: Decodable {
        var name: String
        var type: String
        var path: String?
        var dependencies: [Dependency]
        var settings: [Setting]
    }

    /// `{"tool": "swift", "kind": {"swiftLanguageMode": {"_0": "6"}}}`
    struct Setting: Decodable, Hashable {
        var tool: String
        var kind: [String: [String: Part]]

        static func swift(_ name: String, _ value: String) -> Setting { Setting(tool: "swift", name, value) }
        static func c(_ name: String, _ value: String) -> Setting { Setting(tool: "c", name, value) }

        private init(tool: String, _ name: String, _ value: String) {
            self.tool = tool
            self.kind = [name: ["_0": Part(text: value)]]
        }
    }

    /// `{"byName": ["SluiceCore", null]}`, `{"product": ["GRDB", "GRDB.swift", …]}` or `{"target": […]}`.
    struct Dependency: Decodable {
        var name: String

        init(from decoder: any Decoder) throws {
            let forms = try decoder.singleValueContainer().decode([String: [Part]].self)
            guard let name = forms.values.first?.first?.text else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a dependency without a name"))
            }
            self.name = name
        }
    }

    /// A name, or something else that does not matter here.
    struct Part: Decodable, Hashable {
        var text: String?

        init(text: String) { self.text = text }

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }
}
