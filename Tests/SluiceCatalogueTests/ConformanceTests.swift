import Foundation
import SluiceCatalogue
import SluiceCore
import SluiceTesting
import Testing

@Suite("Sources conform")
struct ConformanceTests {
    @Test("DirectorySource of a bucket", arguments: SourceConformance.cases)
    func bucket(_ rule: SourceConformance.Case) async throws {
        let scripts = try ScriptFolder(clock: SystemClock())
        try await rule.run {
            SourceConformance.Place(
                source: scripts.bucket(), put: { try scripts.write($0, $1) }, remove: { try scripts.remove($0) },
                name: { "etl/\($0.count)/\($0).py" },
                badNames: ["a\nb.py", "tab\there/x.py"])
        }
    }

    @Test("DirectorySource of a workbench", arguments: SourceConformance.cases)
    func workbench(_ rule: SourceConformance.Case) async throws {
        let scripts = try ScriptFolder(clock: SystemClock())
        try await rule.run {
            SourceConformance.Place(
                source: scripts.workbench(), put: { try scripts.write($0, $1) }, remove: { try scripts.remove($0) },
                name: { "\($0).sql" }, badNames: ["Upper.sql", "two words.sql", "žluť.sql", "a-b.sql", "x.SQL"])
        }
    }
}
