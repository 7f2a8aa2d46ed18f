import Foundation
import SluiceCore

/// The Python scripts of pinned catalogues as files, so that scripts can import each other.
///
/// Each snapshot is written once, into a folder under its own hash, and shared by all attempts of all runs that pinned
/// it. The files are read-only; only the folders for compiled modules may be written by scripts.
actor SnapshotFolders {
    /// How many folders are kept besides those that were used since the start.
    private static let mostKept = 16

    let root: URL
    /// Used since the start, and so known to be whole.
    private var used: Set<ContentHash> = []
    /// Being written, with those who wait for it.
    private var waiting: [ContentHash: [CheckedContinuation<Void, Never>]] = [:]

    init(root: URL) { self.root = root }

    /// The folder that holds the Python scripts of a snapshot; written when it is not there.
    ///
    /// - Throws: ``PythonError`` `python.folder`, and whatever the context throws.
    func folder(of snapshot: ContentHash, _ context: any TaskContext) async throws -> String {
        let folder = root.appendingPathComponent(snapshot.hex)
        while !used.contains(snapshot) {
            if waiting[snapshot] != nil {
                await withCheckedContinuation { waiting[snapshot]!.append($0) }
                continue
            }
            waiting[snapshot] = []
            defer { for waiter in waiting.removeValue(forKey: snapshot) ?? [] { waiter.resume() } }
            let catalogue = try await context.snapshot()
            let tree = SnapshotTree(catalogue)
            if !tree.isWhole(at: folder) {
                do {
                    try await write(tree, to: folder, context)
                } catch let error as CocoaError {
                    throw PythonError(
                        code: "python.folder", "The catalogue's modules cannot be written to \(folder.path).",
                        category: .fault, cause: error)
                }
            }
            used.insert(snapshot)
        }
        return folder.path
    }

    private func write(_ tree: SnapshotTree, to folder: URL, _ context: any TaskContext) async throws {
        let files = FileManager.default
        try PrivateFolder.make(root)
        try removeRemains()
        let draft = root.appendingPathComponent(".\(UUID().uuidString)")
        do {
            try await tree.write(to: draft, context)
            if files.fileExists(atPath: folder.path) { try SnapshotTree.remove(folder) }
            // Another executor on this folder may have been faster; what it wrote is the same.
            if rename(draft.path, folder.path) != 0 {
                guard tree.isWhole(at: folder) else { throw CocoaError(.fileWriteUnknown) }
                try SnapshotTree.remove(draft)
            }
        } catch {
            if files.fileExists(atPath: draft.path) { try SnapshotTree.remove(draft) }
            throw error
        }
    }

    /// Removes drafts of writers that died, and the oldest snapshots that nobody used since the start.
    private func removeRemains() throws {
        let entries = try FileManager.default.contentsOfDirectory(
            at: root, includingPropertiesForKeys: [.contentModificationDateKey])
        let dated = try entries.map { entry in
            (entry, try entry.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate ?? .now)
        }
        let hourAgo = Date(timeIntervalSinceNow: -3_600)
        for (entry, modified) in dated where entry.lastPathComponent.hasPrefix(".") && modified < hourAgo {
            try SnapshotTree.remove(entry)
        }
        let snapshots = dated.filter { ContentHash(hex: $0.0.lastPathComponent).map { !used.contains($0) } ?? false }
        for (entry, _) in snapshots.sorted(by: { $0.1 > $1.1 }).dropFirst(Self.mostKept) {
            try SnapshotTree.remove(entry)
        }
    }
}
