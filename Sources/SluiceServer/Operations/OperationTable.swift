import Foundation
import SluiceCore

/// Every operation, by its name. A new one is one line here.
enum OperationTable {
    private static let all: [any EngineOperation.Type] = [
        ListScripts.self, FindScript.self, ReadScript.self, SaveScript.self,
        SyncSources.self, SyncFolders.self,
        PlanScript.self,
        SaveJob.self, ListJobs.self, FindJob.self, CheckJob.self,
        SubmitRun.self, FindRun.self, FindPlaces.self, ListRuns.self, FollowEvents.self,
        StopRun.self, StopTask.self, RerunRun.self, ReopenRun.self, ResumeRun.self,
        PruneRuns.self,
        ReadJournal.self, ListArtifacts.self,
        ListPools.self, FindPoolUse.self, CreatePool.self, ChangePool.self, DeletePool.self,
        SaveSchedule.self, ListSchedules.self, DeleteSchedule.self, PauseSchedule.self, ResumeSchedule.self,
        PreviewSchedule.self, ListOccurrences.self, BackfillSchedule.self,
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The operation that `request` names, with its input.
    ///
    /// - Throws: ``RequestError`` `request.unknown-operation`, `request.malformed`.
    static func operation(in request: Data) throws -> any EngineOperation {
        do {
            let name = try JSONDecoder().decode(WireRequestName.self, from: request).operation
            guard let type = byName[name] else {
                throw RequestError("request.unknown-operation", .badInput, "There is no operation '\(name)'.")
            }
            return try decode(type, from: request)
        } catch let error as DecodingError {
            throw RequestError("request.malformed", .badInput, "The request cannot be read: \(error)")
        }
    }

    private static func decode<Operation: EngineOperation>(
        _ type: Operation.Type, from request: Data
    ) throws -> any EngineOperation {
        try JSONDecoder().decode(WireRequest<Operation>.self, from: request).input
    }
}
