import Foundation
import Testing

@Suite("Sources import what the table of targets allows")
struct ImportTests {
    /// Modules that come with the toolchain. They are open to every target but SluiceCore, which takes Foundation.
    static let toolchain: Set<String> = ["Dispatch", "Foundation", "FoundationNetworking", "Glibc", "Synchronization"]

    @Test("Every import of every source file is allowed to its target")
    func imports() throws {
        let table = try TargetTable(markdown: House.text("CONTRIBUTING.md"))
        for row in table.rows {
            let allowed = row.mayImport.union(row.target == "SluiceCore" ? [] : Self.toolchain)
            for file in try House.files(below: [row.path], endings: ["swift"]) {
                let excess = Self.imports(of: try House.text(file)).subtracting(allowed)
                #expect(excess.isEmpty, "\(file) imports \(excess.sorted())")
            }
        }
    }

    @Test("Every source file belongs to a target of the table")
    func strayFiles() throws {
        let table = try TargetTable(markdown: House.text("CONTRIBUTING.md"))
        for file in try House.files(below: ["Sources", "Plugins"], endings: ["swift", "c", "h", "modulemap"]) {
            let owners = table.rows.filter { file.hasPrefix($0.path + "/") }.map(\.target)
            #expect(owners.count == 1, "\(file) belongs to \(owners)")
        }
    }

    @Test(
        "Imports are found in every form",
        arguments: [
            ("import Foundation", "Foundation"), ("public import SluiceCore", "SluiceCore"),
            ("@testable import SluiceStore", "SluiceStore"), ("@_exported import SluiceEngine", "SluiceEngine"),
            ("import struct Foundation.URL", "Foundation"), ("    import GRDB // why", "GRDB"),
            ("@preconcurrency package import class Dispatch.DispatchQueue", "Dispatch"),
        ])
    func forms(line: String, module: String) {
        #expect(Self.imports(of: "// import Nothing\n\(line)\nlet important = 1") == [module])
    }

    /// The modules that a source text imports: the rest of each line that holds the word `import` behind nothing but
    /// attributes and an access level, up to the first dot or space.
    private static func imports(of source: String) -> Set<String> {
        var modules: Set<String> = []
        for line in source.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import") else { continue }
            let levels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
            guard words[..<place].allSatisfy({ $0.hasPrefix("@") || levels.contains($0) }) else { continue }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            guard let name = words[(place + 1)...].first(where: { !kinds.contains($0) }) else { continue }
            modules.insert(String(name.prefix { $0 != "." }))
        }
        return modules
    }
}
