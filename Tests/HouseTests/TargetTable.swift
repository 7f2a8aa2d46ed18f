import Foundation

/// The table of targets in CONTRIBUTING.md.
struct TargetTable {
    struct Row {
        var target: String
        var path: String
        /// Modules of the package and of its dependencies, by name.
        var mayImport: Set<String>
    }

    var rows: [Row]

    subscript(target: String) -> Row? { rows.first { $0.target == target } }

    /// Reads the one table whose first heading is `Target`.
    init(markdown: String) throws {
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
        guard let head = lines.firstIndex(where: { $0.hasPrefix("| Target |") }) else {
            throw Malformed(what: "CONTRIBUTING.md has no table that begins with '| Target |'")
        }
        rows = try lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let names = cells.map(Self.quoted)
            guard cells.count == 4, names[0].count == 1, names[1].count == 1 else {
                throw Malformed(what: "a row of the table has not the cells target, path, job, imports: \(line)")
            }
            return Row(target: names[0][0], path: names[1][0], mayImport: Set(names[3]))
        }
    }

    /// What stands between backticks.
    private static func quoted(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) == false }.map { String($0.element) }
    }

    struct Malformed: Error, CustomStringConvertible {
        var what: String
        var description: String { what }
    }
}
