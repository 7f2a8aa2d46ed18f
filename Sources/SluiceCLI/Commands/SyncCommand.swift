import ArgumentParser
import Foundation
import SQLExecutor
import Sluice

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Bring the catalogue up to date with the workbench and bucket folders.",
        discussion: """
            The folders are remembered: later, 'sluice sync' alone syncs them again. Each folder is synced all or nothing; runs \
            that are under way keep the versions they started with.
            """)

    @Option(help: ArgumentHelp("A folder of SQL scripts.", valueName: "dir"), completion: .directory)
    var workbench: String?

    @Option(
        help: ArgumentHelp("A bucket's parent directory: Python scripts and their modules.", valueName: "dir"),
        completion: .directory)
    var bucket: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        for (option, value) in [("--workbench", workbench), ("--bucket", bucket)] where value?.isEmpty == true {
            throw ValidationError("\(option) names no folder: its value is empty.")
        }
    }

    func run() async throws {
        let installation = try global.open()
        let document = try await CatalogueSync(installation).run(workbench: workbench, bucket: bucket)
        global.json ? Output.standard.write(document.json) : document.print(to: .standard)
    }
}

/// Syncs folders of scripts into the catalogue.
struct CatalogueSync {
    static let workbenchSource = "workbench folder"
    static let bucketSource = "bucket"
    private let installation: Installation

    init(_ installation: Installation) { self.installation = installation }

    /// Syncs the folders that are named now, and those that were before; remembers them once everything is synced.
    func run(workbench: String?, bucket: String?) async throws -> SyncDocument {
        let named = [(Self.workbenchSource, workbench), (Self.bucketSource, bucket)].compactMap { source, path in
            path.map { (source, URL(fileURLWithPath: $0, isDirectory: true).standardizedFileURL.path) }
        }
        let locations = try installation.store.sourceLocations().merging(named) { _, now in now }
        guard !locations.isEmpty else {
            throw UsageError(
                "sync.no-source",
                "Nothing to sync yet. Name a folder: --workbench DIR for SQL scripts, --bucket DIR for Python scripts.")
        }
        let sources = locations.sorted { $0.key > $1.key }.map { name, location in
            Source(name: name, location: location, layout: name == Self.workbenchSource ? .workbench : .bucket)
        }
        let document = try await sync(sources)
        for (source, location) in named { try installation.store.rememberSource(source, location: location) }
        return document
    }

    /// A folder, and the name that its scripts carry in the catalogue.
    struct Source {
        var name: String
        var location: String
        var layout: DirectorySource.Layout
    }

    /// Syncs each of `sources`, all or nothing; a folder that is not there is said before any is synced.
    func sync(_ sources: [Source]) async throws -> SyncDocument {
        for source in sources {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: source.location, isDirectory: &isFolder)
            guard isThere, isFolder.boolValue else {
                throw UsageError(
                    "source.not-found",
                    "\(source.location), the \(source.name), is \(isThere ? "no folder" : "not there"). "
                        + "Name the folder with --workbench or --bucket.")
            }
        }
        let types = ScriptTypes(installation.executors)
        var reports: [SyncDocument.Source] = []
        for source in sources {
            let folder = DirectorySource(
                name: source.name, root: URL(fileURLWithPath: source.location, isDirectory: true),
                layout: source.layout, types: types)
            let report = try await CatalogueSyncer(index: installation.store).sync(folder)
            reports.append(SyncDocument.Source(report, name: source.name, location: source.location))
        }
        return SyncDocument(sources: reports)
    }
}

struct SyncDocument: Document {
    struct Source: Encodable {
        var source: String
        var location: String
        var added: [String]
        var changed: [String]
        var removed: [String]
        var unchanged: Int
        var refused: [RefusedScript]

        init(_ report: SyncReport, name: String, location: String) {
            source = name
            self.location = location
            added = report.added
            changed = report.changed
            removed = report.removed
            unchanged = report.unchanged.count
            refused = report.refused
        }
    }

    var sources: [Source]

    func print(to output: Output) {
        let style = output.style
        for source in sources {
            let counts = [
                (source.added.count, "added"), (source.changed.count, "changed"), (source.removed.count, "removed"),
                (source.unchanged, "unchanged"), (source.refused.count, "refused"),
            ].filter { $0.0 > 0 }.map { "\(Formats.count($0.0)) \($0.1)" }
            let summary = counts.isEmpty ? "nothing there" : counts.joined(separator: ", ")
            output.line("\(style.bold(source.source)) \(style.dim(DisplayText.safe(source.location))): \(summary)")
            let changes = [("+", source.added), ("~", source.changed), ("-", source.removed)]
            for (sign, names) in changes {
                for name in names.prefix(20) { output.line("  \(sign) \(DisplayText.safe(name))") }
                if names.count > 20 { output.line("  \(sign) … and \(Formats.count(names.count - 20)) more") }
            }
            for script in source.refused {
                output.line("  \(style.yellow("!")) \(DisplayText.safe(script.name)): \(script.reason)")
            }
        }
    }
}
