import Foundation
import SluiceCore

/// Ends attempts whose worker is gone.
struct Reaper: Sendable {
    let store: any RunStore
    let configuration: EngineConfiguration

    /// Ends runs that lived with a worker which is gone: nobody would go on with them.
    func endOrphans() throws {
        guard configuration.isAlone else { return }
        while true {
            let orphans = try store.runs(RunQuery(statuses: [.pending, .running], isAttached: true, limit: 100))
                .filter { $0.attachedTo != configuration.worker && $0.stoppedBy == nil }
            guard !orphans.isEmpty else { return }
            for run in orphans { _ = try store.stop(run.id, by: "the end of the process that ran it") }
        }
    }

    /// Commits as lost what no living worker holds.
    ///
    /// - Returns: the attempts that were lost.
    @discardableResult
    func step() throws -> [AttemptID] {
        let leases = try store.expiredLeases { worker in
            configuration.isAlone && worker != configuration.worker
        }
        guard !leases.isEmpty else { return [] }
        let reason = "its worker vanished; whether its work took effect is unknown"
        let advanced = try store.advance(
            AdvanceOrder(ended: leases.map { .init(lease: $0, ending: .lost(reason: reason)) }))
        let stale = Set(advanced.stale)
        return leases.map(\.attempt).filter { !stale.contains($0) }
    }
}
