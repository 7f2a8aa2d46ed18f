import Foundation
import SluiceCore

/// Decides what a schedule does now, with its runs planned, as one step for the store.
struct ScheduleTurn: Sendable {
    let store: any EngineStore
    let planner: RunPlanner
    /// How many occurrences of a backfill, or of an event, one step starts at most.
    static let startsAtOnce = 100
    /// Who starts the runs of schedules and events.
    static let initiator = "schedule"

    /// - Parameter now: on the store's clock.
    func decide(about stored: StoredSchedule, at now: Date) async throws -> ScheduleStep {
        var turn = Turn(step: ScheduleStep(stored), now: now, jobs: JobPlans(planner: planner, job: stored.job))
        turn.step.stopper = "schedule \(stored.id), whose next run is due"
        turn.step.schedule.nextCheck = nil
        let open = try store.openOccurrences(of: stored.id)
        settle(open, in: &turn)
        let running = open.filter { $0.ending == nil }
        if let schedule = stored.trigger.schedule {
            try await follow(schedule, running: running.filter { $0.backfill == nil }, in: &turn)
            for backfill in stored.backfills {
                let busy = running.count { $0.backfill == backfill.number }
                try await go(on: backfill, of: schedule, running: busy, in: &turn)
            }
        } else {
            try await startEvents(in: &turn)
        }
        return turn.step
    }

    /// A step in the making.
    private struct Turn {
        var step: ScheduleStep
        let now: Date
        var jobs: JobPlans

        mutating func lookAgain(at date: Date?) {
            guard let date else { return }
            step.schedule.nextCheck = step.schedule.nextCheck.map { min($0, date) } ?? date
        }

        mutating func count(_ ending: ScheduleMachine.Ending) {
            guard let schedule = step.schedule.trigger.schedule else { return }
            step.schedule.state = ScheduleMachine.ended(ending, of: schedule, state: step.schedule.state, at: now)
        }

        mutating func leave(_ problem: JobPlans.Problem, at nominal: Date, backfill: Int? = nil) {
            step.records.append(
                OccurrenceRecord(
                    schedule: step.schedule.id, first: nominal, outcome: .failed, reason: problem.code,
                    detail: problem.message, backfill: backfill, decidedAt: now))
        }
    }

    /// Takes the ends of runs into account, in the order in which they came. What a backfill's runs come to says nothing
    /// about the schedule.
    private func settle(_ open: [OpenOccurrence], in turn: inout Turn) {
        let ended = open.filter { $0.ending != nil }
        for occurrence in ended.sorted(by: { ($0.endedAt ?? turn.now, $0.run) < ($1.endedAt ?? turn.now, $1.run) }) {
            turn.step.settled.append(occurrence.nominal)
            if let ending = occurrence.ending, occurrence.backfill == nil { turn.count(ending) }
        }
    }

    private func follow(_ schedule: Schedule, running: [OpenOccurrence], in turn: inout Turn) async throws {
        let id = turn.step.schedule.id
        let waiting = turn.step.schedule.state.buffered
        let decision = ScheduleMachine.due(
            schedule, id: turn.step.schedule.name, state: turn.step.schedule.state, now: turn.now,
            openRuns: running.count)
        turn.step.schedule.state = decision.state
        turn.step.records += decision.records(of: id, waiting: waiting, at: turn.now)
        turn.lookAgain(at: decision.nextCheck)
        var started = 0
        for start in decision.starts where try store.occurrence(of: id, at: start.nominal)?.run == nil {
            switch try await turn.jobs.run(.schedule, by: Self.initiator, at: start.nominal) {
            case .success(let run):
                turn.step.starts.append(
                    .init(nominal: start.nominal, reason: start.reason?.rawValue, run: run))
                started += 1
            case .failure(let problem):
                turn.leave(problem, at: start.nominal)
                turn.count(.failed)
            }
        }
        if decision.cancelsOpenRuns, started > 0 { turn.step.stops = running.map(\.run) }
        // What waits was to wait for a run that there is not.
        if started < decision.starts.count, !turn.step.schedule.state.buffered.isEmpty { turn.lookAgain(at: turn.now) }
    }

    private func go(
        on backfill: StoredSchedule.Backfill, of schedule: Schedule, running: Int, in turn: inout Turn
    ) async throws {
        guard let place = turn.step.schedule.backfills.firstIndex(where: { $0.number == backfill.number }) else {
            return
        }
        let range = schedule.backfill(
            from: backfill.handledThrough + 1, through: backfill.through, limit: Self.startsAtOnce)
        var free = backfill.concurrency - running
        var handled = 0
        for occurrence in range.occurrences {
            let nominal = occurrence.nominal
            if try store.occurrence(of: turn.step.schedule.id, at: nominal)?.run == nil {
                guard free > 0 else { break }
                switch try await turn.jobs.run(.backfill, by: backfill.person, at: nominal) {
                case .success(let run):
                    turn.step.starts.append(.init(nominal: nominal, backfill: backfill.number, run: run))
                    free -= 1
                case .failure(let problem): turn.leave(problem, at: nominal, backfill: backfill.number)
                }
            }
            turn.step.schedule.backfills[place].handledThrough = nominal
            handled += 1
        }
        if handled == range.total {
            turn.step.schedule.backfills.remove(at: place)
        } else if free > 0 {
            turn.lookAgain(at: turn.now)
        }
    }

    private func startEvents(in turn: inout Turn) async throws {
        let waiting = try store.occurrences(
            OccurrenceQuery(turn.step.schedule.id, outcome: .waiting, limit: Self.startsAtOnce))
        for event in waiting.reversed() {
            switch try await turn.jobs.run(.event, by: Self.initiator, at: event.first) {
            case .success(let run):
                turn.step.starts.append(
                    .init(nominal: event.first, reason: event.reason, detail: event.detail, run: run))
            case .failure(let problem): turn.leave(problem, at: event.first)
            }
        }
        if waiting.count == Self.startsAtOnce { turn.lookAgain(at: turn.now) }
    }
}

/// The runs of one job, planned when the first is wanted: all that are decided at once differ in their times alone.
private struct JobPlans {
    /// Why there is no run.
    struct Problem: Error {
        var code: String
        var message: String
    }

    let planner: RunPlanner
    let job: JobID
    private var plan: Result<NewRun, Problem>?

    init(planner: RunPlanner, job: JobID) {
        self.planner = planner
        self.job = job
    }

    mutating func run(_ trigger: RunTrigger, by person: String, at nominal: Date) async throws -> Result<
        NewRun, Problem
    > {
        let plan = try await known()
        return plan.map { run in
            var run = run
            run.trigger = trigger
            run.initiator = person
            run.nominalTime = nominal
            return run
        }
    }

    private mutating func known() async throws -> Result<NewRun, Problem> {
        if let plan { return plan }
        let made: Result<NewRun, Problem>
        do {
            made = .success(
                try await planner.plan(
                    RunRequest(.job(job), trigger: .schedule, initiator: ScheduleTurn.initiator)))
        } catch let error as CancellationError {
            throw error
        } catch let error as any SluiceError {
            made = .failure(Problem(code: error.code, message: error.description))
        } catch {
            made = .failure(Problem(code: "schedule.fault", message: "\(error)"))
        }
        plan = made
        return made
    }
}
