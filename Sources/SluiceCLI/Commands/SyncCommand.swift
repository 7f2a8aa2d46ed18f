import ArgumentParser
import Foundation
import Sluice
import SluiceServer

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
        let request = SyncSources(workbench: workbench.map(Self.absolute), bucket: bucket.map(Self.absolute))
        let document = SyncDocument(try await global.withFolder { try await $0.client.perform(request) })
        global.json ? Output.standard.write(document.json) : document.print(to: .standard)
    }

    /// A folder as the server sees it too, which has a working folder of its own.
    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL.path
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

        init(_ synced: SyncedFolder) {
            let report = synced.report
            source = synced.folder.name
            location = synced.folder.location
            added = report.added
            changed = report.changed
            removed = report.removed
            unchanged = report.unchanged.count
            refused = report.refused
        }
    }

    var sources: [Source]

    init(_ synced: [SyncedFolder]) { sources = synced.map(Source.init) }

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
