import ArgumentParser
import Foundation
import Sluice

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a script needs and its statements, without running it.")

    @Argument(help: "A file, or the name of a script in the catalogue.", completion: .file())
    var script: String

    @Option(help: ArgumentHelp("How to read SQL: blue, postgres or sqlite.", valueName: "dialect"))
    var dialect: SQLDialect = .sqlite

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (name, content) = try subject()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-plan-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let executors = Installation.executors(pythonFolder: folder)
        guard let kind = ScriptTypes(executors).kind(of: name),
            let executor = executors.first(where: { $0.kind == kind })
        else {
            throw UsageError(
                "script.unknown-kind",
                "'\(name)' is no script: its name ends in none of \(ScriptTypes(executors).fileExtensions.map { "." + $0 }.joined(separator: ", "))."
            )
        }
        let request = PlanRequest(
            script: ScriptVersion(name: name, kind: kind, hash: ContentHash(of: content), size: content.count),
            content: content, connection: ConnectionInfo(name: "local", kind: "sqlite", dialect: dialect),
            defaults: try defaults())
        let plan: TaskPlan
        do {
            plan = try await executor.plan(request)
        } catch {
            await executor.shutdown()
            throw error
        }
        await executor.shutdown()
        let document = PlanDocument(plan, of: content)
        global.json ? Output.standard.write(document.json) : document.print(name, to: .standard)
    }

    /// What a run here would start from; without a data folder, what a new one would.
    private func defaults() throws -> SessionDefaults {
        guard FileManager.default.fileExists(atPath: global.dataFolder.path) else { return SessionDefaults() }
        let pools = try global.openExisting().store.pools()
        return SessionDefaults(pool: pools.first(where: \.isDefault)?.name ?? SessionDefaults().pool)
    }

    /// A file when there is one of that name, else a script of the catalogue.
    private func subject() throws -> (name: String, content: Data) {
        if script == "-" { return ("standard_input.sql", try InputFile.read("-")) }
        if FileManager.default.fileExists(atPath: script) {
            return (URL(fileURLWithPath: script).lastPathComponent, try InputFile.read(script))
        }
        guard FileManager.default.fileExists(atPath: global.dataFolder.path) else {
            throw UsageError(
                "script.unknown", "There is no file '\(script)', and no data folder with a script of that name.")
        }
        let store = try global.openExisting().store
        let found = try store.requireScript(script)
        return (found.name, try store.content(of: found.version.hash))
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
