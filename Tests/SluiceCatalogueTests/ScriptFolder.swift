import Foundation
import SluiceCatalogue
import SluiceCore
import SluiceTesting

/// A new, empty folder of scripts, and a clock that can be ahead of its files.
final class ScriptFolder: Sendable {
    let url: URL
    /// Far ahead, so that every file counts as settled, until a test sets it.
    let clock = ManualClock(Date() + 3_600)
    private let sourceClock: any WallClock

    /// - Parameter clock: the clock of its sources; its own ``clock`` when nil.
    init(clock: (any WallClock)? = nil) throws {
        sourceClock = clock ?? self.clock
        url = FileManager.default.temporaryDirectory.appending(path: "sluice-scripts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var path: String { url.path(percentEncoded: false) }

    func bucket(named name: String = "bucket") -> DirectorySource {
        DirectorySource(
            name: name, root: url, layout: .bucket, types: ScriptTypes(["py": .python, "sql": .sql]), clock: sourceClock
        )
    }

    func workbench(named name: String = "saved-sql") -> DirectorySource {
        DirectorySource(name: name, root: url, layout: .workbench, types: ScriptTypes([:]), clock: sourceClock)
    }

    func write(_ name: String, _ bytes: Data) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func write(_ name: String, _ text: String = "print(1)\n") throws { try write(name, Data(text.utf8)) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(at: url.appending(path: name)) }

    /// Makes a link at `name` to `target`, which is taken as it is written.
    func link(_ name: String, to target: String) throws {
        let place = url.appending(path: name).path(percentEncoded: false)
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
    }
}
