import Foundation
import SluiceCore
import SluiceEngine

/// Takes on a run. When it is answered, the run is durable.
package struct SubmitRun: EngineOperation {
    /// What to run.
    package enum Subject: Codable, Sendable, Hashable {
        /// A saved job, at its newest version.
        case job(JobID)
        /// A definition that is not saved.
        case definition(JobDefinition)
    }

    package static let name = "runs.submit"
    package var subject: Subject
    /// Over the job's defaults.
    package var parameters: [String: JSONValue]

    package init(_ subject: Subject, parameters: [String: JSONValue] = [:]) {
        self.subject = subject
        self.parameters = parameters
    }

    package func perform(in host: EngineHost) async throws -> Run {
        try host.gate.pass()
        let what: RunRequest.Subject =
            switch subject {
            case .job(let job): .job(job)
            case .definition(let definition): .definition(definition)
            }
        return try await host.engine.submit(
            RunRequest(what, initiator: host.person.name, parameters: parameters))
    }
}

/// A run with its tasks.
package struct FindRun: EngineOperation {
    package static let name = "runs.find"
    package var run: RunID

    package init(_ run: RunID) { self.run = run }

    /// - Throws: ``RequestError`` `run.unknown`.
    package func perform(in host: EngineHost) throws -> RunState {
        guard let state = try host.store.run(run) else { throw RequestError.unknownRun(run) }
        return state
    }
}

/// Where in line the tasks of a run stand that wait for a slot: places from 1, by the task's place in the run.
package struct FindPlaces: EngineOperation {
    package static let name = "runs.places"
    package var run: RunID

    package init(_ run: RunID) { self.run = run }

    package func perform(in host: EngineHost) throws -> [Int: Int] { try host.store.placesInLine(of: run) }
}

/// Runs, newest first, a page at a time.
package struct ListRuns: EngineOperation {
    package static let name = "runs.list"
    /// The most that one answer holds.
    package static let pageLimit = 500
    /// Only runs before this one.
    package var before: RunID?
    /// Only runs of jobs of this name.
    package var job: String?
    package var limit: Int

    package init(before: RunID? = nil, job: String? = nil, limit: Int) {
        self.before = before
        self.job = job
        self.limit = limit
    }

    package func perform(in host: EngineHost) throws -> [Run] {
        try host.store.runs(RunQuery(before: before, jobName: job, limit: min(limit, Self.pageLimit)))
    }
}

/// The committed changes of a run behind one that is known; waits a while for the first when there is none yet.
package struct FollowEvents: EngineOperation {
    package static let name = "runs.events"
    /// The most that one answer holds.
    package static let pageLimit = 500
    /// The longest wait, in seconds.
    package static let waitLimit = 30.0
    package var run: RunID
    /// The last event already seen; 0 for all.
    package var after: Int64
    /// How long to wait for something new, in seconds.
    package var wait: Double

    package init(_ run: RunID, after: Int64, wait: Double) {
        self.run = run
        self.after = after
        self.wait = wait
    }

    package func perform(in host: EngineHost) async throws -> [RunEvent] {
        let store = host.store
        // Subscribed before the first look: a commit in between is not missed.
        let signals = store.signals()
        let known = try store.events(after: after, run: run, limit: Self.pageLimit)
        guard known.isEmpty, wait > 0 else { return known }
        return try await withThrowingTaskGroup(of: [RunEvent].self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await _ in signals {
                    let found = try store.events(after: after, run: run, limit: Self.pageLimit)
                    if !found.isEmpty { return found }
                }
                return []
            }
            group.addTask {
                try await Task.sleep(for: .seconds(min(wait, Self.waitLimit)))
                return []
            }
            return try await group.next() ?? []
        }
    }
}
