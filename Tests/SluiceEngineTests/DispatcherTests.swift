import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting
import Testing

@testable import SluiceEngine

@Suite struct DispatcherTests {
    private let clock = ManualClock()
    private let store: MemoryStore

    init() { store = MemoryStore(clock: clock) }

    private func submit(limits: TaskLimits? = nil) throws -> RunID {
        let hash = ContentHash(of: Data())
        let kind = ScriptKind("scripted")
        let task = PinnedTask(
            script: ScriptVersion(name: "a.scripted", kind: kind, hash: hash, size: 0),
            connection: ConnectionInfo(name: "local", kind: "none", dialect: .sqlite), target: SessionDefaults(),
            stepCount: 0, warnings: [], parameters: [:], upstream: [], limits: limits)
        let run = NewRun(
            job: nil, definition: JobDefinition(name: "job", tasks: [TaskDefinition(name: "a", script: "a.scripted")]),
            trigger: .manual, initiator: "dana", parameters: [:], nominalTime: clock.now, snapshot: hash,
            idempotencyKey: nil, tasks: [task])
        return try store.submit(run).state.run.id
    }

    private func dispatcher(_ configuration: EngineConfiguration) -> Dispatcher {
        Dispatcher(store: store, kinds: [ScriptKind("scripted")], configuration: configuration)
    }

    @Test func anOldStopDoesNotEndWhatWasReopenedSince() throws {
        let dispatcher = dispatcher(EngineConfiguration(worker: "w"))
        let run = try submit()
        let state = try #require(try store.stop(run, by: "dana"))
        dispatcher.stop(.run(run), by: "dana")
        _ = try store.reopen(
            run, RunMachine.Reopening(tasks: state.tasks.map(\.pinned), snapshot: state.run.snapshot))
        let started = try dispatcher.step(now: clock.now)
        #expect(started.map(\.id.run) == [run])
        #expect(started.first?.stopReason == nil)
    }

    @Test func whatIsStoppedThroughAnotherEngineEndsWithTheNextHeartbeat() throws {
        let configuration = EngineConfiguration(isAlone: false, worker: "w")
        let dispatcher = dispatcher(configuration)
        let heartbeat = Heartbeat(
            store: store, configuration: configuration, dispatcher: dispatcher,
            reaper: Reaper(store: store, configuration: configuration))
        let stopped = try submit()
        let late = try submit(limits: TaskLimits(attempt: 10))
        let other = try submit()
        try store.save(Pool(name: "default", slots: 3, isDefault: true))
        let started = try dispatcher.step(now: clock.now)
        try #require(started.map(\.id.run) == [stopped, late, other])
        _ = try store.stop(stopped, by: "dana")
        clock.advance(by: .seconds(10))
        _ = try store.enforceLimits()
        try heartbeat.step()
        #expect(started.map(\.stopReason) == [.stopped(by: "dana"), .timedOut, nil])
    }
}
