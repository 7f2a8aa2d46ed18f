import SluiceCore
import SluiceEngine

/// Writes a job: a draft, or a saved job of which a name has one.
package struct SaveJob: EngineOperation {
    package static let name = "jobs.save"
    package var definition: JobDefinition
    package var status: JobStatus
    /// Whether a saved job of that name gets a new version.
    package var replacing: Bool

    package init(_ definition: JobDefinition, as status: JobStatus, replacing: Bool) {
        self.definition = definition
        self.status = status
        self.replacing = replacing
    }

    package func perform(in host: EngineHost) throws -> StoredJob {
        try host.store.save(definition, as: status, owner: host.person.name, replacing: replacing)
    }
}

/// Jobs and drafts, by name.
package struct ListJobs: EngineOperation {
    package static let name = "jobs.list"
    package init() {}

    package func perform(in host: EngineHost) throws -> [StoredJob] { try host.store.jobs(nil) }
}

/// The job that a person names: by number, else by name.
package struct FindJob: EngineOperation {
    package static let name = "jobs.find"
    package var job: String

    package init(_ job: String) { self.job = job }

    /// - Throws: ``RequestError`` `job.unknown`, with names that are similar.
    package func perform(in host: EngineHost) throws -> StoredJob {
        if let number = Int64(job), let found = try host.store.job(JobID(number)) { return found }
        if let found = try host.store.job(named: job) { return found }
        let similar = NameSuggestion.nearest(to: job, among: try host.store.jobs(nil).map(\.definition.name))
        let hint =
            similar.isEmpty
            ? "See 'sluice job list'; a job file's name ends in .json."
            : "Did you mean \(similar.map { "'\($0)'" }.joined(separator: " or "))?"
        throw RequestError("job.unknown", .notFound, "There is no job '\(job)'. \(hint)")
    }
}

/// What would keep a run of a definition from starting here, as the engine's own preflight says it.
package struct CheckJob: EngineOperation {
    package static let name = "jobs.check"
    package var definition: JobDefinition

    package init(_ definition: JobDefinition) { self.definition = definition }

    package func perform(in host: EngineHost) async throws -> [DefinitionError.Problem] {
        do {
            _ = try await host.engine.preflight(RunRequest(.definition(definition), initiator: host.person.name))
            return []
        } catch let error as DefinitionError {
            return error.problems
        }
    }
}
