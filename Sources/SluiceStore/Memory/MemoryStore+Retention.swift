import SluiceCore

extension MemoryStore: RetentionStore {
    public func runs(beyond retention: Retention, after run: RunID?, limit: Int) -> [RunID] {
        let ended = storage.look { $0.runs.states.values.map(\.run) }.filter(\.status.isEnded).sorted { $0.id > $1.id }
        let old = ended.enumerated().filter { place, run in
            (retention.keep.map { place >= $0 } ?? false)
                || (retention.endedBefore.map { bound in run.endedAt.map { $0 < bound } ?? false } ?? false)
        }
        let behind = old.map(\.element.id).reversed().filter { id in run.map { id > $0 } ?? true }
        return Array(behind.prefix(max(0, limit)))
    }

    public func removeRuns(_ runs: [RunID]) throws -> [RunID] { try writeContents { $0.runs.remove(runs) } }

    public func removeFiles(of run: RunID) throws {
        try writeContents { contents in
            for attempt in contents.journals.keys where attempt.run == run { contents.journals[attempt] = nil }
        }
        try storage.artifacts.remove(run)
    }
}
