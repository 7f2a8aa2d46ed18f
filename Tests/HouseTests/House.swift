import Foundation

/// The package's own files.
enum House {
    /// The folder of `Package.swift`.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Python of the tests, which has what `Tests/requirements.txt` names.
    static let python = root.appending(path: ".build/test-python/bin/python3")

    /// Where the build has put this test and the programs.
    static let products = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every file below the named folders whose extension is among `endings`, as paths from the root. Hidden folders,
    /// and with them what a build leaves behind, are left out.
    static func files(below folders: [String], endings: Set<String>) throws -> [String] {
        var found: [String] = []
        for folder in folders {
            let start = root.appending(path: folder)
            guard
                let walk = FileManager.default.enumerator(
                    at: start, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
            else { throw CocoaError(.fileNoSuchFile) }
            for case let file as URL in walk where endings.contains(file.pathExtension) {
                found.append(String(file.path.dropFirst(root.path.count + 1)))
            }
        }
        return found.sorted()
    }

    /// An empty folder for the time that `body` takes.
    static func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-house-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let result: Result
        do {
            result = try await body(folder)
        } catch {
            try FileManager.default.removeItem(at: folder)
            throw error
        }
        try FileManager.default.removeItem(at: folder)
        return result
    }
}
