import Foundation
import SluiceCore
import SluiceTesting

@testable import SluiceEngine

/// A process with an engine in it: its real dispatcher, reaper and heartbeat, and attempts made up by chance.
final class SimulatedWorker {
    let configuration: EngineConfiguration
    let dispatcher: Dispatcher
    private(set) var attempts: [SimulatedAttempt] = []
    /// Set when the process is gone.
    private(set) var isDead = false
    /// Whether it was told to end in good order.
    private(set) var isClosing = false
    private let heartbeat: Heartbeat
    private let reaper: Reaper
    private let store: FaultyStore
    private let clock: ManualClock
    private let chances: Chances

    var name: String { configuration.worker }

    init(_ name: String, isAlone: Bool, store: FaultyStore, clock: ManualClock, chances: Chances) {
        configuration = EngineConfiguration(
            maximumAttempts: chances.within(1...4), leaseDuration: .seconds(15), heartbeat: .seconds(5),
            isAlone: isAlone, worker: name)
        self.store = store
        self.clock = clock
        self.chances = chances
        dispatcher = Dispatcher(
            store: store, kinds: [SimulatedJobs.kind], configuration: configuration, chance: { chances.fraction })
        reaper = Reaper(store: store, configuration: configuration)
        heartbeat = Heartbeat(store: store, configuration: configuration, dispatcher: dispatcher, reaper: reaper)
    }

    /// What an engine does before anything else.
    func start() { guarded { try reaper.step() } }

    func step() {
        guarded {
            for active in try dispatcher.step(now: clock.now) {
                store.checker.witness.give(active.id)
                attempts.append(SimulatedAttempt(active, self, store: store, chances: chances))
            }
            if dispatcher.isDrained { isDead = true }
        }
    }

    /// Renews leases and reaps; a store that fails now ends the worker in order.
    func beat() {
        do { try heartbeat.step() } catch {
            dispatcher.close(error)
            isClosing = true
        }
    }

    /// Has one attempt do what it does next.
    func work() {
        guard !attempts.isEmpty else { return }
        let attempt = chances.one(of: attempts)
        attempt.goOn()
        if attempt.isOver { attempts.removeAll { $0 === attempt } }
    }

    func workAll(isCalm: Bool) {
        for attempt in attempts { attempt.goOn(isCalm: isCalm) }
        attempts.removeAll(where: \.isOver)
    }

    func close() {
        dispatcher.close(CancellationError())
        isClosing = true
    }

    /// Ends as `kill -9` would.
    func crash() { isDead = true }

    /// An engine whose store fails in a step is at its end.
    private func guarded(_ body: () throws -> Void) {
        do { try body() } catch { isDead = true }
    }
}

/// What a script of a simulation does, from its lease to its end.
///
/// `@unchecked` because nothing of a simulation is ever seen by a second thread.
final class SimulatedAttempt: @unchecked Sendable {
    private enum Phase {
        case preparing, asking, allowed, working, hanging, waiting(pool: String), over
    }

    let active: ActiveAttempt
    private var phase = Phase.preparing
    private unowned let worker: SimulatedWorker
    private let store: FaultyStore
    private let chances: Chances

    init(_ active: ActiveAttempt, _ worker: SimulatedWorker, store: FaultyStore, chances: Chances) {
        self.active = active
        self.worker = worker
        self.store = store
        self.chances = chances
    }

    var isOver: Bool { if case .over = phase { true } else { false } }

    /// - Parameter isCalm: whether it now comes to its end, unless only a limit of time ends it.
    func goOn(isCalm: Bool = false) {
        if case .asking = phase { return }
        if let reason = active.stopReason, isCalm || chances.happens(70) { return stop(reason) }
        switch phase {
        case .asking, .over: return
        case .preparing:
            if chances.happens(4) { return fail("sim.early") }
            phase = .asking
            worker.dispatcher.begin(active.leased.lease) { self.answer($0) }
        case .allowed:
            store.checker.witness.act(active.id, isIdempotent: isIdempotent)
            phase = chances.happens(6) ? .hanging : .working
        case .working: work(isCalm: isCalm)
        case .waiting(let pool): enter(pool)
        case .hanging:
            let limits = active.leased.task.pinned.limits
            let isEnded = limits?.attempt != nil || limits?.total != nil
            if isCalm, !isEnded { fail(SimulatedJobs.finalFailure) }
        }
    }

    private var isIdempotent: Bool {
        active.leased.run.definition.task(at: active.leased.task.id.index)?.idempotent ?? false
    }

    /// The store's word on whether execution may begin.
    private func answer(_ result: Result<Void, any Error>) {
        guard case .asking = phase else { return }
        switch result {
        case .success: phase = .allowed
        case .failure(is LeaseLost): end(nil)
        case .failure(is CancellationError): end(.terminated(by: "the engine's shutdown"))
        case .failure: fail("executor.fault")
        }
    }

    private func work(isCalm: Bool) {
        if !isCalm, chances.happens(25) { return enter(chances.one(of: SimulatedJobs.pools)) }
        guard isCalm || chances.happens(50) else { return }
        switch chances.below(100) {
        case ..<25: fail(SimulatedJobs.failure)
        case ..<32: fail(SimulatedJobs.finalFailure)
        case ..<45: end(.outcome(.succeeded(value: [1, 2, 3])))
        default: end(.outcome(.succeeded(value: nil)))
        }
    }

    private func enter(_ pool: String) {
        do {
            phase = try store.move(active.leased.lease, to: pool) ? .working : .waiting(pool: pool)
        } catch is LeaseLost {
            end(nil)
        } catch {
            fail("executor.fault")
        }
    }

    private func stop(_ reason: ActiveAttempt.StopReason) {
        switch reason {
        case .stopped(let person):
            store.checker.checkStop(of: active.id)
            end(.terminated(by: person))
        case .timedOut: end(.terminated(by: "its limit of time"))
        case .shutdown: end(.terminated(by: "the engine's shutdown"))
        case .leaseLost: end(nil)
        }
    }

    private func fail(_ code: String) { end(.outcome(.failed(TaskFailure(code: code, message: "It failed.")))) }

    private func end(_ ending: AttemptEnding?) {
        phase = .over
        if let ending { store.checker.witness.end(active.id, ending) }
        worker.dispatcher.end(active, ending)
    }
}
