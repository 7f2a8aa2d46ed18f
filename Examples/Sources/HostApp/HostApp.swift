import Foundation
import PythonExecutor
import SQLExecutor
import Sluice

/// An app with a Sluice engine inside: it runs a job of a Python, an SQL and a shell script, and prints what happens.
@main
struct HostApp {
    static func main() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-host-app-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }

        let succeeded = try await withJobEngine(at: folder, executors: executors) { engine in
            let scripts = Bundle.module.bundleURL.appending(path: "Scripts")
            let source = DirectorySource(name: "app", root: scripts, layout: .bucket, types: engine.scriptTypes)
            let report = try await engine.sync(source)
            print("Synced \(report.added.count) scripts: \(report.added.joined(separator: ", "))")

            let run = try await engine.submit(
                RunRequest(.definition(job), trigger: .host, initiator: "HostApp", parameters: ["reader": "Ada"]))
            for try await event in engine.events(of: run.id) { print(describe(event.change)) }

            let end = try await engine.wait(for: run.id)
            for task in end.tasks { try printOutput(of: task, from: engine.store) }
            return end.run.status == .succeeded
        }
        guard succeeded else { exit(1) }
    }

    /// The script types of this app: two plugins of the package and one of its own.
    private static func executors(_ folder: DataFolder) -> [any TaskExecutor] {
        let worker = Bundle.main.bundleURL.appending(path: "sluice-python")
        return [SQLExecutor(), PythonExecutor(worker: worker, folder: folder.python), ShellExecutor()]
    }

    private static let job = JobDefinition(
        name: "Rainfall",
        parameters: ["reader": "reader"],
        tasks: [
            TaskDefinition(name: "rainfall", script: "rainfall.py"),
            TaskDefinition(name: "totals", script: "totals.sql"),
            TaskDefinition(name: "notify", script: "notify.sh"),
        ])

    /// Prints what a task has said and answered.
    private static func printOutput(of task: TaskRun, from store: any EngineStore) throws {
        if let value = task.value { print("\(task.name) answers \(value.canonicalText)") }
        guard let attempt = task.attemptID else { return }
        for case .log(let line) in try store.journal(of: attempt, after: 0, limit: 100).entries {
            print("\(task.name) says: \(line.text)")
        }
    }

    private static func describe(_ change: RunChange) -> String {
        switch change {
        case .run(let status, let reason): "The run: \(status.label)\(reason.map { ", \($0)" } ?? "")"
        case .stopRequested(let person): "\(person) asked it to stop"
        case .task(let index, let state, _, let reason):
            "  \(job.tasks[index].name): \(state.label)\(reason.map { ", \($0)" } ?? "")"
        }
    }
}
