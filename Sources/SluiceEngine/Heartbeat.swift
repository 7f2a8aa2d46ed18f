import SluiceCore

/// What a worker does every few seconds to keep what it has.
struct Heartbeat: Sendable {
    let store: any RunStore
    let configuration: EngineConfiguration
    let dispatcher: Dispatcher
    let reaper: Reaper

    /// Renews the leases of what runs, ends what is not ours any more, and reaps what others left behind.
    func step() throws {
        let active = dispatcher.active
        let lost = Set(try store.renew(active.map(\.leased.lease), for: configuration.leaseDuration))
        for attempt in active where lost.contains(attempt.id) { attempt.stop(.leaseLost) }
        // What was told to end through another engine on the same store: nobody else tells its worker.
        if !configuration.isAlone { try dispatcher.obey(active) }
        try reaper.step()
    }
}
