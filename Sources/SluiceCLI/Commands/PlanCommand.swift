import ArgumentParser
import Foundation
import Sluice
import SluiceServer

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a script needs and its statements, without running it.")

    @Argument(help: "A file, or the name of a script in the catalogue.", completion: .file())
    var script: String

    @Option(help: ArgumentHelp("How to read SQL: blue, postgres or sqlite.", valueName: "dialect"))
    var dialect: SQLDialect = .sqlite

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let isFile = script == "-" || FileManager.default.fileExists(atPath: script)
        let file = isFile ? try InputFile.read(script) : nil
        guard isFile || global.hasDataFolder else {
            throw UsageError(
                "script.unknown", "There is no file '\(script)', and no data folder with a script of that name.")
        }
        let name = script == "-" ? "standard_input.sql" : URL(fileURLWithPath: script).lastPathComponent
        let document: PlanDocument
        let title: String
        if let file {
            title = name
            document = try await withClient { try await plan(name, file, through: $0) }
        } else {
            (title, document) = try await withClient { client in
                let found = try await client.perform(FindScript(script))
                let content = try await client.perform(ReadScript(found.version.hash))
                return (found.name, try await plan(found.name, content, through: client))
            }
        }
        global.json ? Output.standard.write(document.json) : document.print(title, to: .standard)
    }

    private func plan(_ name: String, _ content: Data, through client: any EngineClient) async throws -> PlanDocument {
        PlanDocument(try await client.perform(PlanScript(name, content: content, dialect: dialect)), of: content)
    }

    /// The data folder's engine, because a run there would start from what it says; without a folder, one that leaves
    /// nothing behind.
    private func withClient<Result>(_ body: (any EngineClient) async throws -> Result) async throws -> Result {
        if global.hasDataFolder { return try await global.withExistingFolder { try await body($0.client) } }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-plan-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let host = try Installation.hostWithoutFolder(temporary: folder)
        let result: Result
        do {
            result = try await body(DirectClient(host))
        } catch {
            await host.engine.shutdownExecutors()
            throw error
        }
        await host.engine.shutdownExecutors()
        return result
    }
}

extension SQLDialect: ExpressibleByArgument {}

struct PlanDocument: Document {
    struct Statement: Encodable {
        var text: String
        /// Byte offset of the first byte, from 0.
        var start: Int
        /// Byte offset behind the last byte.
        var end: Int
        var line: Int
        var column: Int
    }

    var statements: [Statement]
    var database: String
    var schema: String
    var pool: String
    var warnings: [PlanWarning]

    init(_ plan: TaskPlan, of content: Data) {
        statements = plan.steps.map { step in
            let bytes = content[(content.startIndex + step.start)..<(content.startIndex + step.end)]
            return Statement(
                text: String(decoding: bytes, as: UTF8.self), start: step.start, end: step.end, line: step.line,
                column: step.column)
        }
        database = plan.target.database
        schema = plan.target.schema
        pool = plan.target.pool
        warnings = plan.warnings
    }

    func print(_ name: String, to output: Output) {
        let style = output.style
        output.line(
            "\(style.bold(DisplayText.safe(name))): database \(database), schema \(schema), pool \(pool)"
                + (statements.isEmpty ? "" : ", \(Formats.count(statements.count, "statement"))"))
        for statement in statements {
            let place = DisplayText.pad("\(statement.line):\(statement.column)", 8, right: true)
            output.line("\(style.dim(place))  \(DisplayText.fit(DisplayText.safe(statement.text), output.width - 12))")
        }
        for warning in warnings {
            let column = warning.column.map { ", column \($0)" } ?? ""
            let place = warning.line.map { "line \($0)\(column): " } ?? ""
            output.line("\(style.yellow("!")) \(place)\(DisplayText.safe(warning.message))")
        }
    }
}
