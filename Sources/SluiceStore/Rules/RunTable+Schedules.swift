import Foundation
import SluiceCore

extension RunTable {
    mutating func addSchedule(_ trigger: Trigger, of job: JobID, owner: String) throws -> StoredSchedule {
        let schedule = StoredSchedule(try nextSchedule(), trigger, of: job, owner: owner, at: now)
        try write(schedule)
        return schedule
    }

    mutating func commit(_ step: ScheduleStep) throws -> ScheduleCommit {
        let id = step.schedule.id
        guard let known = try schedule(id), known.version == step.schedule.version else { return .stale }
        var changed = step.schedule
        changed.version += 1
        try write(changed)
        for record in step.records where try !isStarted(record.first, of: id, through: record.last) {
            try write(record)
        }
        for nominal in step.settled {
            guard var record = try record(of: id, from: nominal, through: nominal) else { continue }
            record.isSettled = true
            try write(record)
        }
        // Before the runs that take their place. One that ends by it wakes the schedule once more.
        for run in step.stops where try state(of: run)?.run.status.isEnded == false {
            _ = try stop(run, by: step.stopper)
        }
        var runs: [Run] = []
        for start in step.starts where try !isStarted(start.nominal, of: id, through: start.nominal) {
            let run = try submit(start.run).state.run
            try write(
                OccurrenceRecord(
                    schedule: id, first: start.nominal, outcome: .started, reason: start.reason, detail: start.detail,
                    run: run.id, backfill: start.backfill, decidedAt: now))
            runs.append(run)
        }
        guard let schedule = try schedule(id) else { return .stale }
        return .done(schedule, runs: runs)
    }

    /// An occurrence that has had its run never has another, and no record but that.
    private mutating func isStarted(_ first: Date, of schedule: ScheduleID, through last: Date) throws -> Bool {
        try record(of: schedule, from: first, through: last)?.run != nil
    }

    /// Tells the schedules that a run has ended: the one that started it, and those that wait for its job.
    mutating func noteEnd(of run: Run) throws {
        switch run.trigger {
        case .schedule, .backfill, .event:
            if let id = try schedule(awaiting: run.id), let schedule = try schedule(id) { try wake(schedule) }
        case .manual, .api, .host, .rerun: break
        }
        guard let job = run.job?.job else { return }
        for schedule in try schedules(after: job) {
            guard case .job(let end) = schedule.trigger, end.matches(run.status) else { continue }
            let how = run.status == .succeeded ? "succeeded" : "failed"
            try fire(schedule, because: "run \(run.id) of '\(run.definition.name)' \(how)")
        }
    }

    /// - Returns: the schedules that wait for one of the objects.
    mutating func noteObjects(_ names: [String], in source: String) throws -> [ScheduleID] {
        var fired: [ScheduleID] = []
        for schedule in try schedulesOfObjects() {
            guard case .object(let pattern) = schedule.trigger else { continue }
            let matching = names.filter { pattern.matches($0, in: source) }
            guard let first = matching.first else { continue }
            let others = matching.count == 1 ? "" : " and \(matching.count - 1) more"
            try fire(schedule, because: "\(first)\(others) changed in \(source)")
            fired.append(schedule.id)
        }
        return fired
    }

    /// Notes an event as an occurrence that waits to be started, or was slept through.
    private mutating func fire(_ schedule: StoredSchedule, because detail: String) throws {
        var nominal = now
        // Two events of one moment are two occurrences.
        while try record(of: schedule.id, from: nominal, through: nominal) != nil {
            nominal.addTimeInterval(0.001)
        }
        let isPaused = schedule.state.pause != nil
        let reason: OccurrenceReason = isPaused ? .paused : .event
        try write(
            OccurrenceRecord(
                schedule: schedule.id, first: nominal, outcome: isPaused ? .skipped : .waiting, reason: reason.rawValue,
                detail: detail, decidedAt: now))
        if !isPaused { try wake(schedule) }
    }

    /// Has the schedule looked at now. Whoever is deciding about it has not seen what woke it, and must not write that.
    private mutating func wake(_ schedule: StoredSchedule) throws {
        var schedule = schedule
        schedule.version += 1
        schedule.nextCheck = min(schedule.nextCheck ?? now, now)
        try write(schedule)
    }
}
