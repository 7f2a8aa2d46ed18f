import Foundation
import SluiceCore

enum Samples {
    static func newRun(tasks count: Int, key: String? = nil) -> NewRun {
        let hash = ContentHash(of: Data("select 1".utf8))
        let tasks = (0..<count).map { index in
            PinnedTask(
                script: ScriptVersion(name: "s\(index).sql", kind: .sql, hash: hash, size: 8),
                connection: ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite), target: SessionDefaults(),
                stepCount: 1, warnings: [], parameters: [:], upstream: index == 0 ? [] : [index - 1])
        }
        let definition = JobDefinition(
            name: "nightly", tasks: (0..<count).map { TaskDefinition(name: "t\($0)", script: "s\($0).sql") })
        return NewRun(
            job: nil, definition: definition, trigger: .manual, initiator: "dana", parameters: [:],
            nominalTime: Date(timeIntervalSinceReferenceDate: 790_000_000), snapshot: hash, idempotencyKey: key,
            tasks: tasks)
    }

    static let lease = AdvanceOrder(
        lease: LeaseOrder(worker: "worker", kinds: [.sql], limit: 1, duration: .seconds(30)))
}
