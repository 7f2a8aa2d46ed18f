import Foundation
import Testing

@Suite("Files stay small and to themselves")
struct FileTests {
    private static let folders = ["Sources", "Plugins", "Tests", "Fixtures", "Examples", "Benchmarks"]

    @Test("No source file is longer than 600 lines")
    func lengths() throws {
        for file in try House.files(below: Self.folders, endings: ["swift", "c", "h", "py"]) {
            let lines = try House.text(file).split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(lines <= 600, "\(file) has \(lines) lines: what is its second job?")
        }
    }

    @Test("No type is named for having no particular job")
    func names() throws {
        for file in try House.files(below: Self.folders, endings: ["swift"]) {
            let name = file.split(separator: "/").last ?? ""
            for word in ["Manager", "Helper", "Utils", "Common"] {
                #expect(!name.contains(word), "\(file): say the role instead")
            }
        }
    }

    @Test("No file promises to be finished later")
    func leftovers() throws {
        // Put together here, so that this file does not hold them.
        let words = ["TO" + "DO", "FIX" + "ME"]
        for file in try House.files(below: Self.folders, endings: ["swift", "c", "h", "py", "sql"]) {
            let text = try House.text(file)
            for word in words where text.contains(word) { Issue.record("\(file) says \(word)") }
        }
    }
}
