import Foundation

/// What a person does to a schedule, as decisions that a store can write (``ScheduleStore/change(_:_:)``).
extension StoredSchedule {
    /// It starts nothing until it is resumed; its occurrences leave rows meanwhile.
    public func pausing(by person: String, at now: Date) -> ScheduleStep {
        var step = ScheduleStep(self)
        step.schedule.state = ScheduleMachine.paused(state, by: person, at: now)
        step.schedule.updatedAt = now
        return step
    }

    /// It goes on, from the first occurrence after `now`: those that lay in the pause leave their rows.
    ///
    /// - Parameter openRuns: how many of its runs have not ended.
    public func resuming(at now: Date, openRuns: Int) -> ScheduleStep {
        var step = ScheduleStep(self)
        guard state.pause != nil else { return step }
        if let schedule = trigger.schedule {
            let decision = ScheduleMachine.due(schedule, id: name, state: state, now: now, openRuns: openRuns)
            step.schedule.state = decision.state
            step.records = decision.records(of: id, waiting: state.buffered, at: now)
            // What waits for a run to end may have its turn.
            step.schedule.nextCheck = decision.state.buffered.isEmpty ? decision.nextCheck : now
        }
        step.schedule.state = ScheduleMachine.resumed(step.schedule.state)
        if !backfills.isEmpty { step.schedule.nextCheck = now }
        step.schedule.updatedAt = now
        return step
    }

    /// It follows another trigger from now on. A pause stays one.
    public func replacing(_ trigger: Trigger, at now: Date) -> ScheduleStep {
        var step = ScheduleStep(self)
        var fresh = StoredSchedule(id, trigger, of: job, owner: owner, at: now)
        fresh.version = version
        fresh.createdAt = createdAt
        fresh.state.pause = state.pause
        fresh.state.buffered = state.buffered
        fresh.backfills = backfills
        if !backfills.isEmpty || !state.buffered.isEmpty { fresh.nextCheck = now }
        step.schedule = fresh
        return step
    }

    /// Occurrences of the past have runs, as many at a time as said. A pause does not keep them from it.
    public func backfilling(
        from: Date, through: Date, concurrency: Int, by person: String, at now: Date
    ) -> ScheduleStep {
        var step = ScheduleStep(self)
        let number = (backfills.map(\.number) + [state.lastBackfill ?? 0]).max()! + 1
        step.schedule.backfills.append(
            Backfill(number: number, from: from, through: through, concurrency: concurrency, person: person))
        step.schedule.state.lastBackfill = number
        step.schedule.nextCheck = now
        return step
    }
}

extension ScheduleMachine.Decision {
    /// The records of what does not start, or not yet.
    ///
    /// What waits has one each, because each will start alone; what waited and does so no more has its end recorded alike.
    ///
    /// - Parameter waiting: what waited before the decision.
    public func records(of schedule: ScheduleID, waiting: [Date], at now: Date) -> [OccurrenceRecord] {
        let skipped = rows.filter { $0.reason != .buffered }.map { row in
            OccurrenceRecord(
                schedule: schedule, first: row.first, last: row.last, count: row.count, outcome: .skipped,
                reason: row.reason.rawValue, decidedAt: now)
        }
        let left = Set(waiting).subtracting(state.buffered).subtracting(starts.map(\.nominal)).sorted()
        let given = left.filter { nominal in !skipped.contains { $0.count == 1 && $0.first == nominal } }.map {
            OccurrenceRecord(
                schedule: schedule, first: $0, outcome: .skipped, reason: OccurrenceReason.superseded.rawValue,
                decidedAt: now)
        }
        let new = state.buffered.filter { !waiting.contains($0) }.map {
            OccurrenceRecord(
                schedule: schedule, first: $0, outcome: .waiting, reason: OccurrenceReason.buffered.rawValue,
                decidedAt: now)
        }
        return skipped + given + new
    }
}
