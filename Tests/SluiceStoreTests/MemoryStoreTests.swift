import Foundation
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceStore

@Suite("The memory store")
struct MemoryStoreTests {
    @Test("undoes a transaction that fails")
    func rollback() throws {
        struct Broken: Error {}
        var runs = MemoryRuns()
        let now = Date(timeIntervalSinceReferenceDate: 790_000_000)
        let first = try runs.transaction(at: now) { try $0.submit(Samples.newRun(tasks: 3, key: "first")) }.0.state
        let leased = try runs.transaction(at: now) { try $0.advance(Samples.lease) }.0.leased[0]
        let before = (runs.state(of: first.run.id), runs.events, runs.occupancy())
        #expect(throws: Broken.self) {
            try runs.transaction(at: now) { table -> Void in
                _ = try table.submit(Samples.newRun(tasks: 2, key: "second"))
                var order = Samples.lease
                order.ended = [.init(lease: leased.lease, ending: .outcome(.succeeded(value: nil)))]
                order.lease?.limit = 9
                #expect(try table.advance(order).leased.count == 2)
                throw Broken()
            }
        }
        #expect(runs.state(of: first.run.id) == before.0)
        #expect(runs.events == before.1)
        #expect(runs.occupancy() == before.2)
        #expect(runs.run(submittedUnder: "second") == nil)
        #expect(runs.ready(in: "default", kinds: [.sql], attachedTo: nil, limit: 9).isEmpty)
        let second = try runs.transaction(at: now) { try $0.submit(Samples.newRun(tasks: 1, key: "second")) }.0
        #expect(second.isNew)
        #expect(second.state.run.id.rawValue == first.run.id.rawValue + 1)
    }

    @Test("takes its artifacts with it")
    func artifacts() throws {
        let temporary = try TemporaryFolder()
        let file = temporary.url.appending(path: "a")
        try Data("x".utf8).write(to: file)
        let attempt = AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1)
        var store: MemoryStore? = MemoryStore()
        let path = try #require(try store?.keepArtifact(file, name: "a", of: attempt).path)
        var other = store?.anotherHandle()
        store = nil
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try other?.artifacts(of: attempt).count == 1)
        other = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
