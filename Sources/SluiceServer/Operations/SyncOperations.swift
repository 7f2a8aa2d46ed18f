import Foundation
import SluiceCatalogue
import SluiceCore

/// A folder of scripts, and the name that its scripts carry in the catalogue.
package struct ScriptFolder: Codable, Sendable, Hashable {
    /// The source of the Workbench folder that is remembered.
    package static let workbenchSource = "workbench folder"
    /// The source of the bucket folder that is remembered.
    package static let bucketSource = "bucket"

    package var name: String
    /// An absolute path.
    package var location: String
    package var layout: DirectorySource.Layout

    package init(name: String, location: String, layout: DirectorySource.Layout) {
        self.name = name
        self.location = location
        self.layout = layout
    }
}

/// What the sync of a folder did.
package struct SyncedFolder: Codable, Sendable, Hashable {
    package var folder: ScriptFolder
    package var report: SyncReport
}

/// Syncs the folders that are named now and those that were before; remembers them once everything is synced.
package struct SyncSources: EngineOperation {
    package static let name = "catalogue.sync"
    /// An absolute path; nil for the one that is remembered.
    package var workbench: String?
    /// An absolute path; nil for the one that is remembered.
    package var bucket: String?

    package init(workbench: String?, bucket: String?) {
        self.workbench = workbench
        self.bucket = bucket
    }

    /// - Throws: ``RequestError`` `sync.no-source`, `source.not-found`.
    package func perform(in host: EngineHost) async throws -> [SyncedFolder] {
        let named = [(ScriptFolder.workbenchSource, workbench), (ScriptFolder.bucketSource, bucket)]
            .compactMap { source, path in path.map { (source, $0) } }
        let locations = try host.store.sourceLocations().merging(named) { _, now in now }
        guard !locations.isEmpty else {
            throw RequestError(
                "sync.no-source", .badInput,
                "Nothing to sync yet. Name a folder: --workbench DIR for SQL scripts, --bucket DIR for Python scripts.")
        }
        let folders = locations.sorted { $0.key > $1.key }.map { name, location in
            ScriptFolder(
                name: name, location: location,
                layout: name == ScriptFolder.workbenchSource ? .workbench : .bucket)
        }
        let synced = try await SyncFolders(folders).perform(in: host)
        for (source, location) in named { try host.store.rememberSource(source, location: location) }
        return synced
    }
}

/// Syncs folders without remembering them, each all or nothing.
package struct SyncFolders: EngineOperation {
    package static let name = "catalogue.sync-folders"
    package var folders: [ScriptFolder]

    package init(_ folders: [ScriptFolder]) { self.folders = folders }

    /// - Throws: ``RequestError`` `source.not-found` before any folder is synced.
    package func perform(in host: EngineHost) async throws -> [SyncedFolder] {
        for folder in folders {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: folder.location, isDirectory: &isFolder)
            guard isThere, isFolder.boolValue else {
                throw RequestError(
                    "source.not-found", .badInput,
                    "\(folder.location), the \(folder.name), is \(isThere ? "no folder" : "not there"). "
                        + "Name the folder with --workbench or --bucket.")
            }
        }
        var synced: [SyncedFolder] = []
        for folder in folders {
            let source = DirectorySource(
                name: folder.name, root: URL(fileURLWithPath: folder.location, isDirectory: true),
                layout: folder.layout, types: host.types)
            let report = try await CatalogueSyncer(index: host.store).sync(source)
            _ = try host.store.noteObjects(report.added + report.changed, in: folder.name)
            synced.append(SyncedFolder(folder: folder, report: report))
        }
        return synced
    }
}
