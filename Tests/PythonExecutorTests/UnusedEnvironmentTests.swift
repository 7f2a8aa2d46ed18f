import Foundation
import Testing

@testable import PythonExecutor

@Suite("Environments that no script has needed for long are removed")
struct UnusedEnvironmentTests {
    @Test("Only those whose last use is long past, and that are whole")
    func unused() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "sluice-unused-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        for name in ["old", "used", "unfinished"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(name)/bin", withIntermediateDirectories: true)
            guard name != "unfinished" else { continue }
            try Data().write(to: URL(filePath: "\(root)/\(name)/.complete"))
        }
        func there() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: root).filter { !$0.contains(".") }.sorted()
        }
        let now = Date()
        Environments.removeUnused(in: root, now: now)
        #expect(try there() == ["old", "unfinished", "used"])

        let past = now.addingTimeInterval(-Environments.keptUnused - 60)
        for name in ["old", "used"] {
            try FileManager.default.setAttributes(
                [.modificationDate: past], ofItemAtPath: "\(root)/\(name)/.complete")
        }
        Environments.noteUse(of: "\(root)/used")
        Environments.removeUnused(in: root, now: now)
        #expect(try there() == ["unfinished", "used"])
    }
}
