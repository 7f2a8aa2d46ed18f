import Foundation
import Glibc
import SluiceCore

/// A backup of a data folder: a folder of the same form, so that every command can look into it, with a note that it is one.
///
/// What a process leaves running meanwhile does no harm. The store is copied first, as it stands at one instant, and
/// whatever it speaks of afterwards; so nothing that it calls done is missing from the rest. Python environments are left
/// out: they are built anew when a script needs them.
public struct FolderBackup: Sendable, Hashable, Codable {
    /// The form of the note, `sluice.backup/1`.
    public var format = Self.format
    /// When the copy of the store was made.
    public var at: Date
    /// How many databases of the embedded engine it holds.
    public var databases: Int
    /// How many journals and artifacts.
    public var files: Int

    static let format = "sluice.backup/1"
    private static let note = "backup.json"

    /// Writes a backup; when this returns it is whole and on the disk, before that it is not there under its name.
    ///
    /// - Parameters:
    ///   - folder: where the data folder lies.
    ///   - target: a folder that is not there, or empty.
    /// - Throws: ``StoreError`` `backup.exists`, `backup.no-data`, `backup.inside`, and others about the disk.
    public static func write(of folder: URL, to target: URL, now: Date) throws -> FolderBackup {
        let source = folder.plainPath
        let path = target.plainPath
        guard FileTree.isFile(source + "/sluice.db") else {
            throw StoreError("backup.no-data", .badInput, "There is no data folder at \(source).")
        }
        guard !(path + "/").hasPrefix(source + "/") else {
            throw StoreError(
                "backup.inside", .badInput, "\(path) lies in the data folder itself. Name a place outside of it.")
        }
        guard !FileTree.isFile(path), try FileTree.names(in: path).isEmpty else {
            throw StoreError(
                "backup.exists", .conflict, "\(path) is there already. Name a folder that is not there, or is empty.")
        }
        return try building(path, "partial") { draft in
            var backup = FolderBackup(at: now, databases: 0, files: 0)
            _ = try FileTree.copyFile(source + "/format", to: draft + "/format")
            try DatabaseFile(path: source + "/sluice.db").copy(to: draft + "/sluice.db")
            backup.files += try FileTree.copy(source + "/journals", to: draft + "/journals")
            backup.files += try FileTree.copy(source + "/artifacts", to: draft + "/artifacts", skipping: ["incoming"])
            backup.databases = try copyDatabases(source + "/databases", to: draft + "/databases")
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            try POSIXFile.write(Array(try encoder.encode(backup)), to: draft + "/" + note)
            return backup
        }
    }

    /// Puts a backup in the place of a data folder: builds it beside, checks it, and then changes the names.
    ///
    /// - Parameters:
    ///   - backup: where the backup lies.
    ///   - target: a data folder that is not there or empty, unless `replacing`.
    /// - Throws: ``StoreError`` `restore.no-backup`, `restore.not-empty`, `restore.not-a-data-folder`, `restore.damaged`, `folder.in-use`, and others
    ///   about the disk. The data folder is then as it was.
    public static func restore(_ backup: URL, to target: URL, replacing: Bool) throws -> FolderBackup {
        let source = backup.plainPath
        let path = target.plainPath
        let note = try Self.note(of: source)
        let isEmpty = try !FileTree.isFile(path) && FileTree.names(in: path).isEmpty
        guard isEmpty || replacing else {
            throw StoreError(
                "restore.not-empty", .conflict,
                "The data folder \(path) is not empty. Name another one with --data, or replace it with --force.")
        }
        guard isEmpty || FileTree.isFile(path + "/format") || FileTree.isFile(path + "/sluice.db") else {
            throw StoreError(
                "restore.not-a-data-folder", .badInput,
                "\(path) is no data folder, and will not be replaced. Name another one with --data.")
        }
        let lock =
            isEmpty ? nil : try EngineLock(at: URL(filePath: path + "/lock"), folder: path, purpose: "sluice restore")
        defer { lock?.release() }
        return try building(path, "restoring", replacing: !isEmpty) { draft in
            _ = try FileTree.copyFile(source + "/format", to: draft + "/format")
            try DatabaseFile(path: source + "/sluice.db").copy(to: draft + "/sluice.db")
            _ = try FileTree.copy(source + "/journals", to: draft + "/journals")
            _ = try FileTree.copy(source + "/artifacts", to: draft + "/artifacts")
            _ = try copyDatabases(source + "/databases", to: draft + "/databases")
            for file in try databaseFiles(in: draft + "/databases") + [draft + "/sluice.db"] {
                guard let complaint = DatabaseFile(path: file).complaints().first else { continue }
                throw StoreError(
                    "restore.damaged", .fault,
                    "The backup's \(file.dropFirst(draft.count + 1)) is damaged: \(complaint). Nothing was restored.")
            }
            return note
        }
    }

    private static func note(of backup: String) throws -> FolderBackup {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            guard let bytes = try POSIXFile.contents(of: backup + "/" + note) else { throw CocoaError(.fileNoSuchFile) }
            let found = try decoder.decode(FolderBackup.self, from: Data(bytes))
            if found.format == format { return found }
        } catch {}
        throw StoreError(
            "restore.no-backup", .badInput,
            "\(backup) is no backup that this version can read. Name a folder that 'sluice backup' wrote.")
    }

    /// Every file of the embedded engine's databases below `root`.
    static func databaseFiles(in root: String) throws -> [String] {
        try FileTree.names(in: root).filter { FileTree.isFolder("\(root)/\($0)") }.flatMap { database in
            try FileTree.names(in: "\(root)/\(database)").filter { $0.hasSuffix(".db") }
                .map { "\(root)/\(database)/\($0)" }.filter(FileTree.isFile)
        }
    }

    private static func copyDatabases(_ source: String, to target: String) throws -> Int {
        try POSIXFile.makeFolder(target)
        for database in try FileTree.names(in: source) where FileTree.isFolder("\(source)/\(database)") {
            try POSIXFile.makeFolder("\(target)/\(database)")
        }
        let files = try databaseFiles(in: source)
        for file in files { try DatabaseFile(path: file).copy(to: target + file.dropFirst(source.count)) }
        for folder in try FileTree.names(in: target) { try POSIXFile.syncFolder("\(target)/\(folder)") }
        try POSIXFile.syncFolder(target)
        return files.count
    }

    /// Has a folder built beside `path` and gives it that name when it is whole. What fails leaves nothing behind.
    private static func building<Result>(
        _ path: String, _ word: String, replacing: Bool = false, _ body: (String) throws -> Result
    ) throws -> Result {
        let parent = URL(filePath: path).deletingLastPathComponent().plainPath
        let mark = "\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let draft = "\(path).\(word)-\(mark)"
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            guard mkdir(draft, 0o700) == 0 else { throw POSIXFailure(errno: errno, call: "mkdir") }
            let result = try body(draft)
            try POSIXFile.syncFolder(draft)
            try exchange(draft, path, former: replacing ? "\(path).before-\(mark)" : nil)
            try POSIXFile.syncFolder(parent)
            if replacing { try FileManager.default.removeItem(atPath: "\(path).before-\(mark)") }
            return result
        } catch {
            // The first error explains; what is left of the draft costs space and nothing else.
            try? FileManager.default.removeItem(atPath: draft)
            if let failure = error as? POSIXFailure { throw failure.storeError(path) }
            throw error
        }
    }

    /// Gives `draft` the name `path`; what had it is then called `former`. An empty folder simply goes.
    private static func exchange(_ draft: String, _ path: String, former: String?) throws(POSIXFailure) {
        if let former, rename(path, former) != 0 { throw POSIXFailure(errno: errno, call: "rename") }
        guard rename(draft, path) != 0 else { return }
        let failure = POSIXFailure(errno: errno, call: "rename")
        if let former { rename(former, path) }
        throw failure
    }
}

extension URL {
    /// The path as the system takes it, without a slash at its end.
    var plainPath: String { standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/") }
}
