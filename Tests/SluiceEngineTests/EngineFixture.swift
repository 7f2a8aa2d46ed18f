import Foundation
import SluiceCore
import SluiceEngine
import SluiceStore

/// An engine over a store in memory, with scripts in its catalogue.
struct EngineFixture {
    let store: any EngineStore = MemoryStore()
    let executor = ScriptedExecutor()

    struct Connections: ConnectionDirectory {
        func info(_ name: String?) throws -> ConnectionInfo {
            ConnectionInfo(name: name ?? "local", kind: "none", dialect: .sqlite)
        }
        func resolve(_ name: String?) throws -> Connection { Connection(info: try info(name), secret: "s3cret") }
    }

    func engine(_ configuration: EngineConfiguration = EngineConfiguration()) -> JobEngine {
        JobEngine(store: store, executors: [executor], connections: Connections(), configuration: configuration)
    }

    /// Puts one script a task into the catalogue and answers the job that runs them.
    func job(
        _ scripts: [(name: String, text: String)], after: [String: [String]] = [:],
        parameters: [String: JobParameter] = [:]
    ) throws -> JobDefinition {
        var update = CatalogueUpdate(source: "test")
        for script in scripts {
            let content = Data(script.text.utf8)
            let version = ScriptVersion(
                name: "\(script.name).scripted", kind: executor.kind, hash: ContentHash(of: content),
                size: content.count)
            update.put.append(
                CatalogueEntry(
                    script: Script(version: version, source: "test", modified: Date(timeIntervalSince1970: 0)),
                    fingerprint: nil))
            update.contents[version.hash] = content
        }
        _ = try store.apply(update)
        return JobDefinition(
            name: "job", parameters: parameters,
            tasks: scripts.map {
                TaskDefinition(name: $0.name, script: "\($0.name).scripted", after: after[$0.name])
            })
    }

    /// Runs a job to its end.
    func run(_ job: JobDefinition, parameters: [String: JSONValue] = [:]) async throws -> RunState {
        try await withJobEngine(engine()) { engine in
            let run = try await engine.submit(
                RunRequest(.definition(job), initiator: "dana", parameters: parameters))
            return try await engine.wait(for: run.id)
        }
    }
}
