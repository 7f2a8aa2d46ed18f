import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting

@testable import SluiceEngine

/// A scheduler on a store in memory, whose clock is set by hand, and nobody who executes anything.
struct ScheduleBench: Sendable {
    let clock = ManualClock()
    let store: any EngineStore
    let scheduler: Scheduler
    /// A saved job of one task.
    let job: JobID

    init() throws {
        store = MemoryStore(clock: clock)
        let executor = ScriptedExecutor()
        let planner = RunPlanner(
            store: store, executors: ExecutorTable([executor]), connections: EngineFixture.Connections(), clock: clock)
        scheduler = Scheduler(store: store, planner: planner)
        let content = Data()
        let version = ScriptVersion(
            name: "a.scripted", kind: executor.kind, hash: ContentHash(of: content), size: content.count)
        var update = CatalogueUpdate(source: "test")
        update.put = [
            CatalogueEntry(
                script: Script(version: version, source: "test", modified: Date(timeIntervalSince1970: 0)),
                fingerprint: nil)
        ]
        update.contents[version.hash] = content
        _ = try store.apply(update)
        job = try store.save(Self.definition("job"), as: .saved, owner: "dana", replacing: false).id
    }

    static func definition(_ name: String) -> JobDefinition {
        JobDefinition(name: name, tasks: [TaskDefinition(name: "a", script: "a.scripted")])
    }

    func definition(_ name: String) -> JobDefinition { Self.definition(name) }

    static func date(_ text: String) throws -> Date { try Date.ISO8601FormatStyle().parse(text) }

    /// Sets a schedule when the clock shows `now`.
    @discardableResult
    func schedule(_ json: JSONValue, of job: JobID? = nil, now: String) throws -> ScheduleID {
        clock.set(to: try Self.date(now))
        return try store.addSchedule(.time(try Schedule(json: json)), of: job ?? self.job, owner: "dana").id
    }

    /// Steps until nothing more is to be done now.
    func settle(at time: String? = nil) async throws {
        if let time { clock.set(to: try Self.date(time)) }
        while try await scheduler.step().next == .now {}
    }

    /// The nominal times of all runs, in their order.
    func runs() throws -> [String] {
        try store.runs(RunQuery(limit: 1_000)).map { $0.nominalTime.formatted(Date.ISO8601FormatStyle()) }.reversed()
    }

    /// The nominal times of day of the runs that are open.
    func openRuns() throws -> [String] {
        try store.runs(RunQuery(statuses: [.pending, .running])).map { Self.time($0.nominalTime) }.reversed()
    }

    /// Executes what is queued.
    func endRuns(failing: Bool = false) throws {
        let ending: AttemptEnding = .outcome(
            failing ? .failed(TaskFailure(code: "scripted.failed", message: "no")) : .succeeded(value: nil))
        var order = AdvanceOrder(
            lease: LeaseOrder(worker: "worker", kinds: [ScriptKind("scripted")], limit: 100, duration: .seconds(30)))
        while true {
            let leased = try store.advance(order).leased
            order.ended = leased.map { .init(lease: $0.lease, ending: ending) }
            if leased.isEmpty { return }
        }
    }

    /// What became of the occurrences, oldest first: `12:00 skipped overlap.skipped`.
    func outcomes(of schedule: ScheduleID) throws -> [String] {
        try store.occurrences(OccurrenceQuery(schedule)).reversed().map { record in
            let reason = record.outcome == .started ? "" : record.reason.map { " \($0)" } ?? ""
            return "\(Self.time(record.first)) \(record.outcome.rawValue)\(reason)"
        }
    }

    /// `02-01`
    static func day(_ date: Date) -> String {
        String(date.formatted(Date.ISO8601FormatStyle()).dropFirst(5).prefix(5))
    }

    private static func time(_ date: Date) -> String {
        String(date.formatted(Date.ISO8601FormatStyle()).dropFirst(11).prefix(5))
    }
}
