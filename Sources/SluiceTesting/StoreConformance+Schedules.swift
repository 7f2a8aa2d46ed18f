import Foundation
import SluiceCore
import Synchronization

extension StoreConformance {
    /// Every hour on the hour, in UTC, from long ago on.
    private static let hourly = Trigger.time(
        Schedule(.every(.init(1, .hours), from: LocalDateTime(2020, 1, 1)!), zone: .utc))
    private static let job = JobID(7)

    /// A step that starts the occurrence at `nominal`.
    private static func starting(
        _ schedule: StoredSchedule, at nominal: Date, _ bench: StoreBench, backfill: Int? = nil
    ) -> ScheduleStep {
        var step = ScheduleStep(schedule)
        step.schedule.state.handledThrough = max(nominal, schedule.state.handledThrough)
        var run = bench.newRun(["load"])
        run.trigger = backfill == nil ? .schedule : .backfill
        run.nominalTime = nominal
        step.starts = [.init(nominal: nominal, reason: "late", backfill: backfill, run: run)]
        return step
    }

    private static func done(
        _ commit: ScheduleCommit?, file: StaticString = #fileID, line: UInt = #line
    ) throws -> (schedule: StoredSchedule, runs: [Run]) {
        guard case .done(let schedule, let runs)? = commit else {
            throw ConformanceFailure("a step that is current was not written", file: file, line: line)
        }
        return (schedule, runs)
    }

    static let scheduleCases: [Case] = [
        Case("a schedule comes back as it was added, at both handles") { bench in
            let now = bench.clock.now
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            try require(added.version, is: 1, "its version")
            try require(added.state, is: ScheduleState(setAt: now), "its state")
            let next = try present(hourly.schedule?.next(after: now)?.nominal, "the next occurrence")
            try require(added.nextCheck, is: next, "when it is looked at")
            try require(try bench.second.schedule(added.id), is: added, "the schedule")
            let other = try bench.second.addSchedule(.job(.init(JobID(3), on: .any)), of: JobID(8), owner: "eli")
            let third = try bench.first.addSchedule(
                .object(try ObjectPattern("raw/*.csv", source: "bucket")), of: job, owner: "eli")
            try require(other.nextCheck, is: nil, "an event has no time")
            try require(try bench.first.schedules(ScheduleQuery()), is: [added, other, third], "all schedules")
            try require(try bench.second.schedules(ScheduleQuery(job: job)), is: [added, third], "the job's schedules")
            try require(
                try bench.first.schedules(ScheduleQuery(after: added.id, limit: 1)), is: [other], "the next page")
            try require(try bench.first.schedule(ScheduleID(99)), is: nil, "a schedule that is not there")
        },
        Case("a schedule that is deleted takes its records along, and its number is not given again") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let run = try done(try bench.first.commit([starting(added, at: bench.clock.now, bench)]).first).runs[0]
            try require(try bench.second.deleteSchedule(added.id), "there was one")
            try require(try bench.first.deleteSchedule(added.id), is: false, "there is none any more")
            try require(try bench.first.schedule(added.id), is: nil, "the schedule")
            try require(try bench.first.occurrences(OccurrenceQuery(added.id)), is: [], "its records")
            try require(try bench.first.openOccurrences(of: added.id), is: [], "its open occurrences")
            try require(try bench.state(of: run.id).run.status, is: .pending, "the run stays")
            let task = try bench.leaseOne(bench.second)
            _ = try bench.first.advance(bench.ending(task, StoreBench.success))
            let other = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            try require(other.id > added.id, "a fresh number: \(other.id)")
            let stale = ScheduleStep(added)
            try require(try bench.first.commit([stale]), is: [.stale], "a step about what is gone")
        },
        Case("what is due is due on the store's clock, longest first") { bench in
            let soon = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let daily = Trigger.time(Schedule(.cron(try CronExpression("@daily")), zone: .utc))
            let later = try bench.first.addSchedule(daily, of: job, owner: "dana")
            var due = try bench.second.dueSchedules(limit: 10)
            try require(due.now, is: bench.clock.now, "the present")
            try require(due.schedules, is: [], "what is due now")
            try require(due.next, is: soon.nextCheck, "when something is")
            bench.clock.set(to: try present(soon.nextCheck, "a time"))
            due = try bench.second.dueSchedules(limit: 10)
            try require(due.schedules, is: [soon], "what is due then")
            try require(due.next, is: later.nextCheck, "when the next one is")
            bench.clock.set(to: try present(later.nextCheck, "a time"))
            try require(try bench.first.dueSchedules(limit: 10).schedules, is: [soon, later], "both, in order")
            let one = try bench.first.dueSchedules(limit: 1)
            try require(one.schedules, is: [soon], "no more than asked for")
            try require(one.next, is: later.nextCheck, "and the one behind")
        },
        Case("a step writes state, records and runs together") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            var step = starting(added, at: nominal, bench)
            step.schedule.nextCheck = nominal + 60
            step.schedule.state.failures = 2
            step.schedule.backfills = [
                .init(number: 1, from: nominal - 60, through: nominal, concurrency: 2, person: "dana")
            ]
            let missed = OccurrenceRecord(
                schedule: added.id, first: nominal - 7_200, last: nominal - 3_600, count: 2, outcome: .skipped,
                reason: "missed.window", decidedAt: nominal)
            step.records = [missed]
            let (schedule, runs) = try done(try bench.first.commit([step]).first)
            try require(runs.count, is: 1, "its runs")
            var expected = step.schedule
            expected.version += 1
            try require(schedule, is: expected, "what is answered")
            try require(try bench.second.schedule(added.id), is: expected, "what is there")
            let started = OccurrenceRecord(
                schedule: added.id, first: nominal, outcome: .started, reason: "late", run: runs[0].id,
                decidedAt: nominal)
            try require(
                try bench.second.occurrences(OccurrenceQuery(added.id)), is: [started, missed], "records, latest first")
            try require(
                try bench.first.occurrences(OccurrenceQuery(added.id, before: nominal)), is: [missed], "the next page")
            try require(
                try bench.first.occurrences(OccurrenceQuery(added.id, outcome: .started, limit: 1)), is: [started],
                "those that started")
            try require(try bench.first.occurrence(of: added.id, at: nominal), is: started, "one of them")
            try require(try bench.first.occurrence(of: added.id, at: nominal - 3_600), is: nil, "none alone")
            let open = try bench.second.openOccurrences(of: added.id)
            try require(open.map(\.run), is: [runs[0].id], "the open run")
            try require(open[0].ending, is: nil, "it has not ended")
            try require(try bench.leaseOne(bench.second).run.id, is: runs[0].id, "the run is queued like any other")
        },
        Case("a step about a schedule that has changed writes nothing of itself, and others stand") { bench in
            let first = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let other = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            _ = try bench.second.change(first.id) { $0.pausing(by: "eli", at: $1) }
            let steps = [starting(first, at: bench.clock.now, bench), starting(other, at: bench.clock.now, bench)]
            let commits = try bench.first.commit(steps)
            try require(commits[0], is: .stale, "the step that was overtaken")
            _ = try done(commits[1])
            try require(try bench.second.runs(RunQuery()).count, is: 1, "runs")
            try require(try bench.second.occurrences(OccurrenceQuery(first.id)), is: [], "its records")
            try require(try bench.first.schedule(first.id)?.state.pause?.by, is: "eli", "the pause stays")
        },
        Case("an occurrence starts once, whatever is decided later") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            let (schedule, runs) = try done(try bench.first.commit([starting(added, at: nominal, bench)]).first)
            let again = try done(try bench.second.commit([starting(schedule, at: nominal, bench, backfill: 1)]).first)
            try require(again.runs, is: [], "runs of the second start")
            var step = ScheduleStep(again.schedule)
            step.records = [
                OccurrenceRecord(schedule: added.id, first: nominal, outcome: .skipped, decidedAt: nominal)
            ]
            _ = try done(try bench.first.commit([step]).first)
            try require(try bench.first.occurrence(of: added.id, at: nominal)?.run, is: runs[0].id, "its run")
            try require(try bench.first.runs(RunQuery()).count, is: 1, "runs")
        },
        Case("an occurrence that waited, or was skipped, may start later") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            var step = ScheduleStep(added)
            step.records = [
                OccurrenceRecord(schedule: added.id, first: nominal, outcome: .waiting, decidedAt: nominal)
            ]
            let (schedule, _) = try done(try bench.first.commit([step]).first)
            try require(
                try bench.second.occurrences(OccurrenceQuery(added.id, outcome: .waiting)).count, is: 1, "it waits")
            let started = try done(try bench.second.commit([starting(schedule, at: nominal, bench)]).first)
            try require(started.runs.count, is: 1, "its run")
            let records = try bench.first.occurrences(OccurrenceQuery(added.id))
            try require(records.map(\.outcome), is: [.started], "its only record")
        },
        Case("many engines decide about one occurrence at once, and it starts once") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            let started = Mutex(0)
            try await bench.inParallel(8) { store, _ in
                // Each tries until it has decided: with what it read before and with what stands there now.
                var schedule = added
                while true {
                    if case .done(_, let runs)? = try store.commit([starting(schedule, at: nominal, bench)]).first {
                        started.withLock { $0 += runs.count }
                        return
                    }
                    schedule = try present(try store.schedule(added.id), "the schedule")
                }
            }
            try require(started.withLock { $0 }, is: 1, "starts")
            try require(try bench.first.runs(RunQuery()).count, is: 1, "runs")
        },
        Case("the end of a run has its schedule looked at, and overtakes what was being decided") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            let (schedule, runs) = try done(try bench.first.commit([starting(added, at: nominal, bench)]).first)
            let task = try bench.leaseOne(bench.second)
            bench.clock.advance(by: .seconds(5))
            try require(try bench.first.dueSchedules(limit: 9).schedules, is: [], "nothing is due while it runs")
            _ = try bench.second.advance(bench.ending(task, StoreBench.failure))
            let due = try bench.first.dueSchedules(limit: 9)
            try require(due.schedules.map(\.id), is: [added.id], "what is due when it has ended")
            try require(try bench.first.commit([ScheduleStep(schedule)]), is: [.stale], "what was decided before")
            let open = try bench.first.openOccurrences(of: added.id)
            try require(open.map(\.ending), is: [.failed], "how it ended")
            try require(open[0].endedAt, is: bench.clock.now, "when")
            var step = ScheduleStep(due.schedules[0])
            step.settled = [nominal]
            step.schedule.nextCheck = nil
            _ = try done(try bench.first.commit([step]).first)
            try require(try bench.second.openOccurrences(of: added.id), is: [], "what is open when it is settled")
            try require(try bench.second.occurrence(of: added.id, at: nominal)?.run, is: runs[0].id, "its record stays")
            try require(try bench.second.dueSchedules(limit: 9).schedules, is: [], "what is due then")
        },
        Case("a step stops runs before it starts others, and learns of their end") { bench in
            let added = try bench.first.addSchedule(hourly, of: job, owner: "dana")
            let nominal = bench.clock.now
            let (schedule, runs) = try done(try bench.first.commit([starting(added, at: nominal, bench)]).first)
            bench.clock.advance(by: .seconds(5))
            var step = starting(schedule, at: nominal + 5, bench)
            step.stops = [runs[0].id]
            step.stopper = "its schedule"
            step.schedule.nextCheck = nil
            let second = try done(try bench.second.commit([step]).first)
            try require(second.runs.count, is: 1, "the run that starts")
            try require(try bench.state(of: runs[0].id).run.stoppedBy, is: "its schedule", "who stopped the other")
            let open = try bench.first.openOccurrences(of: added.id)
            try require(open.map(\.ending), is: [.terminated, nil], "what became of both")
            try require(
                try bench.first.dueSchedules(limit: 9).schedules.map(\.id), is: [added.id], "it is looked at again")
        },
        Case("the end of a job's run is an event for those who wait for it") { bench in
            let good = try bench.first.addSchedule(.job(.init(job, on: .success)), of: JobID(8), owner: "dana")
            let bad = try bench.first.addSchedule(.job(.init(job, on: .failure)), of: JobID(8), owner: "dana")
            let any = try bench.second.addSchedule(.job(.init(job, on: .any)), of: JobID(9), owner: "dana")
            let other = try bench.second.addSchedule(.job(.init(JobID(99), on: .any)), of: JobID(9), owner: "dana")
            for ending in [StoreBench.success, StoreBench.failure, StoreBench.success] {
                _ = try bench.first.submit(bench.newRun(["load"]))
                _ = try bench.second.advance(bench.ending(try bench.leaseOne(bench.second), ending))
            }
            for (schedule, count) in [(good, 2), (bad, 1), (any, 3), (other, 0)] {
                let waiting = try bench.first.occurrences(OccurrenceQuery(schedule.id, outcome: .waiting))
                try require(waiting.count, is: count, "events for \(schedule.trigger), though the clock stood still")
            }
            let due = try bench.first.dueSchedules(limit: 9).schedules.map(\.id)
            try require(Set(due), is: [good.id, bad.id, any.id], "who is looked at")
            _ = try bench.first.change(any.id) { $0.pausing(by: "eli", at: $1) }
            _ = try bench.first.submit(bench.newRun(["load"]))
            _ = try bench.second.advance(bench.ending(try bench.leaseOne(bench.second), StoreBench.success))
            let last = try present(try bench.first.occurrences(OccurrenceQuery(any.id, limit: 1)).first, "a record")
            try require(last.reason, is: "paused", "what a pause leaves behind")
        },
        Case("objects that change are an event for those whose pattern they match") { bench in
            let csv = try bench.first.addSchedule(
                .object(try ObjectPattern("raw/*.csv", source: "bucket")), of: job, owner: "dana")
            let all = try bench.first.addSchedule(.object(try ObjectPattern("**")), of: job, owner: "dana")
            try require(
                try bench.second.noteObjects(["raw/a.csv", "raw/b.csv", "raw/old/c.csv"], in: "bucket"),
                is: [csv.id, all.id], "who waited for them")
            try require(try bench.second.noteObjects(["raw/a.csv"], in: "other"), is: [all.id], "another source")
            try require(try bench.second.noteObjects([], in: "bucket"), is: [], "no object")
            let record = try present(try bench.first.occurrences(OccurrenceQuery(csv.id)).first, "a record")
            try require(record.outcome, is: .waiting, "its outcome")
            try require(record.detail?.contains("raw/a.csv and 1 more") == true, "what it says: \(record)")
        },
    ]
}
