import ArgumentParser
import Foundation
import Sluice

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the data folder, also while a server works on it.",
        discussion: """
            The backup is a folder of the same form: 'sluice runs --data BACKUP' looks into it, and an archiver packs it \
            where one file is wanted. It holds the store and every database, each as it stood at one instant, journals and \
            artifacts; Python environments are built anew when they are needed. It appears under its name when it is whole.
            """)

    @Argument(help: "The folder to write; it must not be there yet.", completion: .directory) var folder: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard global.hasDataFolder else { throw global.missingFolder }
        let target = URL(fileURLWithPath: folder, isDirectory: true)
        let backup = try FolderBackup.write(of: global.dataFolder, to: target, now: Date())
        BackupDocument(backup, at: target).print("The backup is in", asJSON: global.json)
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in the place of the data folder.",
        discussion: """
            The data folder must be empty or missing; with --force it is replaced and what was in it is gone. The backup is \
            copied beside it and checked first, so that the data folder is the old one or the new one and never half of \
            one. A server or a run on the folder must have ended.
            """)

    @Argument(help: "A folder that 'sluice backup' wrote.", completion: .directory) var folder: String
    @Flag(help: "Replace a data folder that is not empty.") var force = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let source = URL(fileURLWithPath: folder, isDirectory: true)
        let backup = try FolderBackup.restore(source, to: global.dataFolder, replacing: force)
        BackupDocument(backup, at: global.dataFolder).print("Restored to", asJSON: global.json)
    }
}

/// What `backup` and `restore` print.
struct BackupDocument: Document {
    /// Where it lies now.
    var folder: String
    /// When the backup was made.
    var at: Date
    var databases: Int
    var files: Int

    init(_ backup: FolderBackup, at folder: URL) {
        self.folder = folder.standardizedFileURL.path
        at = backup.at
        databases = backup.databases
        files = backup.files
    }

    func print(_ words: String, asJSON: Bool) {
        guard !asJSON else { return Output.standard.write(json) }
        Output.standard.line(
            "\(words) \(folder): the store, \(Formats.count(databases, "file")) of databases, "
                + "\(Formats.count(files, "journal or artifact", plural: "journals and artifacts")), as of "
                + "\(Formats.instant(at)).")
    }
}
