/// Rows in columns: numbers right-aligned, everything else left, the header underlined by being dim.
struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []
    private let rightAligned: Set<Int>

    init(_ header: [String], rightAligned: Set<Int> = []) {
        self.header = header
        self.rightAligned = rightAligned
    }

    mutating func add(_ row: [String]) { rows.append(row.map { DisplayText.safe($0) }) }

    /// The table as lines; cells wider than `limit` are cut.
    func lines(style: Style, limit: Int = 60, indent: String = "") -> [String] {
        let cells = rows.map { $0.map { DisplayText.fit($0, limit) } }
        var widths = header.map(DisplayText.width)
        for row in cells {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], DisplayText.width(cell)) }
        }
        func line(_ row: [String]) -> String {
            let padded = row.enumerated().map { column, cell in
                DisplayText.pad(cell, widths[column], right: rightAligned.contains(column))
            }
            var text = indent + padded.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }
        return [style.dim(line(header))] + cells.map(line)
    }
}
