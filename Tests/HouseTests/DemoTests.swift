import Foundation
import Testing

@Suite("The demo job finds in the flights what pandas finds")
struct DemoTests {
    private static let tables = ["delays_by_carrier", "delays_by_month", "delays_by_hour"]

    @Test("Every figure is that of pandas, the page is there, and a second run on the same data changes nothing")
    func figures() async throws {
        let expected = try Figures(try await TestPython.run(["Fixtures/truth/expected.py"]).output)
        try await House.withTemporaryFolder { folder in
            let data = folder.appending(path: "data")
            for time in ["first", "second"] {
                let demo = try await Command.run(
                    House.products.appending(path: "sluice").path, ["demo", "--data", data.path])
                try #require(demo.status == 0, "the \(time) run: \(demo.errors)\(demo.text)")

                let file = data.appending(path: "databases/master/reporting.db").path
                let found = try Figures(
                    try await TestPython.run(["Fixtures/truth/found.py", file] + Self.tables).output)
                expectEqual(found, expected)

                let page = try #require(Self.page(named: "report.html", in: demo.text), "\(demo.text)")
                try checkPage(String(contentsOf: page, encoding: .utf8))
            }
        }
    }

    /// Compares row by row and figure by figure; means may differ in the last digits, as sums are added in another order.
    private func expectEqual(_ found: Figures, _ expected: Figures) {
        for table in Self.tables {
            let rows = found.tables[table] ?? []
            let wanted = expected.tables[table] ?? []
            #expect(!wanted.isEmpty && rows.count == wanted.count, "\(table)")
            for (row, want) in zip(rows, wanted) {
                for (column, value) in want {
                    #expect(row[column]?.isNear(value) == true, "\(table).\(column): \(row) instead of \(want)")
                }
            }
        }
    }

    private func checkPage(_ page: String) throws {
        #expect(page.contains("336,776"))
        #expect(page.components(separatedBy: "<svg role=\"img\"").count - 1 == 4, "a chart is missing")
        #expect(
            page.components(separatedBy: "<title>").count - 1 > 4, "charts have titles for those who cannot see them")
        // Nothing is fetched when it is opened.
        for outside in ["<script", "<link", "<img", "src=", "url(", "@import"] {
            #expect(!page.contains(outside), "the page is not self-contained: \(outside)")
        }
    }

    /// The path that the demo prints for the page.
    private static func page(named name: String, in output: String) -> URL? {
        let words = output.split(whereSeparator: \.isWhitespace).map { String($0).replacing("file://", with: "") }
        return words.last { $0.hasSuffix("/\(name)") }.map { URL(filePath: $0, relativeTo: House.root) }
    }
}

/// Tables of figures, as the scripts in `Fixtures/truth` print them.
private struct Figures {
    var tables: [String: [[String: Figure]]]

    init(_ json: Data) throws { tables = try JSONDecoder().decode([String: [[String: Figure]]].self, from: json) }
}

private enum Figure: Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func isNear(_ other: Figure) -> Bool {
        switch (self, other) {
        case (.number(let one), .number(let two)): abs(one - two) <= 1e-9 * max(1, abs(one), abs(two))
        case (.text(let one), .text(let two)): one == two
        default: false
        }
    }
}
