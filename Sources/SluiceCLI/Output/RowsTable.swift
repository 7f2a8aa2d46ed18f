import Sluice

/// Rows of a result, laid out for people.
struct RowsTable {
    private let columns: [String]
    /// Each as long as ``columns``.
    private let rows: [[JSONValue]]

    init(_ preview: StepPreview) {
        columns = preview.columns
        rows = preview.rows
    }

    /// Reads a task's value that is a table: `{"columns": […], "rows": [[…], …]}`, or a list of objects.
    init?(value: JSONValue) {
        switch value {
        case .object(let fields):
            guard fields.count == 2, case .array(let names)? = fields["columns"],
                case .array(let list)? = fields["rows"], !list.isEmpty
            else { return nil }
            columns = names.map(\.cell)
            rows = list.compactMap { row in
                guard case .array(let cells) = row, cells.count == names.count else { return nil }
                return cells
            }
            guard rows.count == list.count else { return nil }
        case .array(let list):
            let objects = list.compactMap { element -> [String: JSONValue]? in
                guard case .object(let fields) = element else { return nil }
                return fields
            }
            guard let first = objects.first, objects.count == list.count else { return nil }
            let names = first.keys.sorted()
            columns = names
            rows = objects.map { object in names.map { object[$0] ?? .null } }
        default: return nil
        }
    }

    /// At most `limit` rows under their header; columns of numbers are right-aligned.
    func lines(limit: Int, style: Style) -> [String] {
        let shown = rows.prefix(limit)
        let numbers = columns.indices.filter { column in shown.allSatisfy { $0[column].isNumberOrNull } }
        var table = TextTable(columns, rightAligned: Set(numbers))
        for row in shown { table.add(row.map(\.cell)) }
        var lines = table.lines(style: style, limit: 40)
        if rows.count > limit { lines.append(style.dim("… and \(rows.count - limit) more")) }
        return lines
    }
}

extension JSONValue {
    fileprivate var isNumberOrNull: Bool {
        switch self {
        case .null, .integer, .number: true
        default: false
        }
    }

    /// The value as it stands in a table's cell.
    fileprivate var cell: String {
        switch self {
        case .null: "NULL"
        case .string(let text): text
        default: canonicalText
        }
    }
}
