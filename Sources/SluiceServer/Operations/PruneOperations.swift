import SluiceCore

/// Forgets runs that have ended, or only what they said and the files that they kept.
package struct PruneRuns: EngineOperation {
    package static let name = "runs.prune"
    /// How many runs go in one transaction.
    private static let pageLimit = 200

    package var retention: Retention
    /// Whether the runs themselves stay.
    package var logsOnly: Bool

    package init(_ retention: Retention, logsOnly: Bool = false) {
        self.retention = retention
        self.logsOnly = logsOnly
    }

    /// - Returns: how many runs it concerned.
    package func perform(in host: EngineHost) async throws -> Int {
        var count = 0
        var last: RunID?
        while true {
            let page = try host.store.runs(beyond: retention, after: last, limit: Self.pageLimit)
            guard let end = page.last else { return count }
            last = end
            // Files go last: what is left of them when something fails in between belongs to no run, and harms none.
            for run in logsOnly ? page : try host.store.removeRuns(page) {
                if logsOnly, try host.store.run(run)?.run.status.isEnded == false { continue }
                try host.store.removeFiles(of: run)
                count += 1
            }
            await Task.yield()
        }
    }
}
