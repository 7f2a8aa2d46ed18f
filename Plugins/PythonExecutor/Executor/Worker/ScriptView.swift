import Foundation
import SluiceCore

/// Which of the machine's folders scripts see.
struct ScriptView: Sendable {
    /// Absolute, symbolic links resolved.
    let hidden: [String]
    /// Those inside hidden ones that they see nonetheless.
    let shown: [String]

    /// - Parameter folder: the executor's own, which scripts always see.
    init(_ settings: PythonSettings, folder: URL) {
        hidden = settings.hiddenFolders.map(Self.resolved)
        shown = (settings.visibleFolders + [folder.path]).map(Self.resolved)
    }

    /// What a worker is told of it. A folder that is not there needs no hiding.
    var arguments: [String] {
        guard !hidden.isEmpty else { return [] }
        return hidden.filter { access($0, F_OK) == 0 }.map { "-\($0)" } + shown.map { "+\($0)" }
    }

    /// Makes the folders that are to be seen: what is not there cannot be shown.
    ///
    /// - Throws: ``PythonError`` `python.folder`.
    func prepare() throws {
        guard !hidden.isEmpty else { return }
        for path in shown where access(path, F_OK) != 0 { try PrivateFolder.make(URL(fileURLWithPath: path)) }
    }

    /// Whether a script may see the file at a path without symbolic links.
    func allows(_ path: String) -> Bool {
        func isIn(_ folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
        return !hidden.contains(where: isIn) || shown.contains(where: isIn)
    }

    private static func resolved(_ path: String) -> String {
        let plain = URL(fileURLWithPath: path).standardizedFileURL.path
        guard let real = realpath(plain, nil) else {
            // It is made later on, in a folder that may be there already.
            let parent = (plain as NSString).deletingLastPathComponent
            return parent == plain ? plain : resolved(parent) + "/" + (plain as NSString).lastPathComponent
        }
        defer { free(real) }
        return String(cString: real)
    }
}
