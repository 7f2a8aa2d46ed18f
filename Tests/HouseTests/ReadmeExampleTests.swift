import Foundation
import Testing

@Suite("The README's first ten minutes go as they are told")
struct ReadmeExampleTests {
    @Test("A job of one's own, typed as the README shows it, runs twice and counts its visits")
    func jobOfOnesOwn() async throws {
        let blocks = try House.text("README.md").matches(of: /```sh\n(.*?)```/.dotMatchesNewlines()).map {
            String($0.1)
        }
        let block = try #require(blocks.first { $0.contains("visits.job.json") })
        try await House.withTemporaryFolder { folder in
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let typed = try await Command.run(
                "/bin/sh", ["-euc", block], in: folder, environment: ["PATH": "\(House.products.path):\(path)"])
            #expect(typed.status == 0, "\(typed.errors)\(typed.text)")
            #expect(typed.text.contains("This is the 1st visit.") && typed.text.contains("This is the 2nd visit."))
            let file = folder.appending(path: ".sluice/databases/master/public.db").path
            let found = try await TestPython.run(["Fixtures/truth/found.py", file, "visitors"])
            let visitors = try JSONDecoder().decode([String: [Visitor]].self, from: found.output)
            #expect(visitors["visitors"] == [Visitor(who: "Ada", visits: 1), Visitor(who: "Grace", visits: 1)])
        }
    }

    private struct Visitor: Decodable, Equatable {
        var who: String
        var visits: Int
    }
}
