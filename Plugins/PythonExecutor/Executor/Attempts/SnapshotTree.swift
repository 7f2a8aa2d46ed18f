import Foundation
import SluiceCore

/// The Python scripts of one snapshot as a tree of files.
struct SnapshotTree {
    /// What becomes a file. A name that cannot be one, because another script has the place of its folder (which a
    /// bucket allows) or because it is too long, is left out: it runs, but nobody imports it.
    private let scripts: [ScriptVersion]
    /// Every folder, parents first; empty for the root.
    private let folders: [String]

    init(_ snapshot: CatalogueSnapshot) {
        let python = snapshot.scripts.filter {
            $0.kind == .python && ScriptNameRules.bucketProblem($0.name) == nil
                && $0.name.split(separator: "/").allSatisfy { $0.utf8.count <= 255 }
        }
        let names = Set(python.map(\.name))
        var scripts: [ScriptVersion] = []
        var folders: Set<String> = [""]
        for script in python {
            var parents: [String] = []
            var parent = script.name
            while let slash = parent.lastIndex(of: "/") {
                parent = String(parent[..<slash])
                parents.append(parent)
            }
            if parents.contains(where: names.contains) { continue }
            scripts.append(script)
            folders.formUnion(parents)
        }
        self.scripts = scripts
        self.folders = folders.sorted()
    }

    /// Whether all of it lies at `root`: a machine that lost its power may have kept the names and lost the bytes.
    func isWhole(at root: URL) -> Bool {
        guard access(root.path, F_OK) == 0 else { return false }
        return scripts.allSatisfy { script in
            var status = stat()
            return stat("\(root.path)/\(script.name)", &status) == 0 && Int(status.st_size) == script.size
        }
    }

    /// Writes it to a new folder.
    func write(to root: URL, _ context: any TaskContext) async throws {
        for folder in folders {
            try Self.check(mkdir(folder.isEmpty ? root.path : "\(root.path)/\(folder)", 0o755), root.path)
        }
        for script in scripts {
            try Task.checkCancellation()
            let content = try await context.content(of: script.hash)
            try Self.write(content, to: "\(root.path)/\(script.name)")
        }
        for folder in folders {
            let path = folder.isEmpty ? root.path : "\(root.path)/\(folder)"
            try Self.check(mkdir("\(path)/__pycache__", 0o755), path)
            try Self.check(chmod(path, 0o555), path)
        }
    }

    private static func write(_ content: Data, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        try check(file, path)
        defer { close(file) }
        try content.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(file, bytes.baseAddress! + done, bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                try check(Int32(clamping: count), path)
                done += count
            }
        }
    }

    private static func check(_ result: Int32, _ path: String) throws {
        guard result < 0 else { return }
        throw PythonError(
            code: "python.folder",
            "The catalogue's modules cannot be written to \(path): \(String(cString: strerror(errno))).",
            category: .fault)
    }

    /// Removes a tree that was written here, whose folders are read-only.
    static func remove(_ root: URL) throws {
        let files = FileManager.default
        chmod(root.path, 0o755)
        if let walk = files.enumerator(at: root, includingPropertiesForKeys: [.isDirectoryKey]) {
            for case let entry as URL in walk where entry.hasDirectoryPath { chmod(entry.path, 0o755) }
        }
        try files.removeItem(at: root)
    }
}
