import Foundation

/// Decides what a schedule does. Pure: the present and the number of open runs come in, decisions and a new state go out, and
/// one transaction writes them.
public enum ScheduleMachine {
    /// What to do now.
    public struct Decision: Sendable, Hashable {
        /// Runs to submit, in order. Their nominal times are unique for the schedule, forever.
        public var starts: [Start] = []
        /// Occurrences that do not start, or not yet, in order.
        public var rows: [Row] = []
        /// Whether the schedule's open runs are to be terminated.
        public var cancelsOpenRuns = false
        public var state: ScheduleState
        /// When to ask again, unless a run of the schedule ends or the schedule is changed before; nil when there is no
        /// further occurrence. May be the present, when there is more to catch up than one decision does.
        public var nextCheck: Date?
    }

    /// A run to submit.
    public struct Start: Sendable, Hashable {
        public var nominal: Date
        /// Nil for one that starts at its time; else `late` or `buffered`.
        public var reason: OccurrenceReason?

        public init(nominal: Date, reason: OccurrenceReason? = nil) {
            self.nominal = nominal
            self.reason = reason
        }
    }

    /// One or more neighbouring occurrences that share a fate.
    ///
    /// A million occurrences that were missed are one row with a count: rows are for people who ask why nothing ran, and
    /// ``Schedule/occurrences(from:count:)`` lists the times when they are wanted.
    public struct Row: Sendable, Hashable {
        public var reason: OccurrenceReason
        /// The nominal time of the first one.
        public var first: Date
        /// The nominal time of the last one; the same as ``first`` for one alone.
        public var last: Date
        public var count: Int

        public init(reason: OccurrenceReason, first: Date, last: Date, count: Int) {
            self.reason = reason
            self.first = first
            self.last = last
            self.count = count
        }
    }

    /// The decisions that are due.
    ///
    /// - Parameters:
    ///   - id: the schedule's identity, for its jitter (``Schedule/startTime(of:id:)``).
    ///   - now: by the store's clock. When it has gone back, nothing is due until it has caught up.
    ///   - openRuns: how many runs of this schedule have not ended, with those that wait in a queue.
    public static func due(
        _ schedule: Schedule, id: String, state: ScheduleState, now: Date, openRuns: Int
    ) -> Decision {
        var turn = Turn(schedule: schedule, id: id, now: now, openRuns: openRuns, decision: Decision(state: state))
        if state.pause == nil { turn.startBuffered() }
        turn.decideDue()
        return turn.decision
    }

    /// How a run that a schedule started has ended.
    public enum Ending: Sendable {
        case succeeded, failed
        /// Terminated by a person or by ``Schedule/Overlap/cancelOther``; says nothing about the job.
        case terminated
    }

    /// The state after a run's end: a success forgets the failures before it, and a failure too many pauses.
    public static func ended(
        _ ending: Ending, of schedule: Schedule, state: ScheduleState, at now: Date
    ) -> ScheduleState {
        var state = state
        switch ending {
        case .terminated: break
        case .succeeded: state.failures = 0
        case .failed:
            state.failures += 1
            if let limit = schedule.pauseAfterFailures, state.failures >= limit, state.pause == nil {
                state.pause = SchedulePause(.failures, since: now)
            }
        }
        return state
    }

    /// The state of a schedule that somebody pauses. What waits for a run to end goes on waiting.
    public static func paused(_ state: ScheduleState, by person: String, at now: Date) -> ScheduleState {
        var state = state
        if state.pause == nil { state.pause = SchedulePause(.person, by: person, since: now) }
        return state
    }

    /// The state of a schedule that goes on. Occurrences that lay in the pause have left their rows, and their failures are
    /// forgotten.
    ///
    /// Take the decisions that are due before (``due(_:id:state:now:openRuns:)``), else the end of the pause would be
    /// caught up.
    public static func resumed(_ state: ScheduleState) -> ScheduleState {
        var state = state
        state.pause = nil
        state.failures = 0
        return state
    }
}

/// One decision in the making.
private struct Turn {
    let schedule: Schedule
    let id: String
    let now: Date
    /// Runs that have not ended, with those that this decision starts.
    var openRuns: Int
    var decision: ScheduleMachine.Decision

    private func start(of nominal: Date) -> Date { schedule.startTime(of: nominal, id: id) }

    /// Starts what waits, when nothing is in its way any more.
    mutating func startBuffered() {
        let all = schedule.overlap == .allowAll
        while let nominal = decision.state.buffered.first, all || openRuns == 0 {
            decision.state.buffered.removeFirst()
            decision.starts.append(.init(nominal: nominal, reason: .buffered))
            openRuns += 1
        }
    }

    mutating func decideDue() {
        if let last = lastDue() {
            if decision.state.pause == nil {
                decideRunning(through: last)
            } else {
                leave(.paused, after: decision.state.handledThrough, through: last)
                decision.state.handledThrough = last
            }
        }
        if decision.nextCheck == nil {
            decision.nextCheck = schedule.next(after: decision.state.handledThrough).map { start(of: $0.nominal) }
        }
    }

    /// The last occurrence not yet decided whose time has come, by the delay that it has of its own.
    private func lastDue() -> Date? {
        var candidate = schedule.previous(atOrBefore: now)?.nominal
        while let nominal = candidate, start(of: nominal) > now { candidate = previous(before: nominal) }
        return candidate.flatMap { $0 > decision.state.handledThrough ? $0 : nil }
    }

    private func previous(before nominal: Date) -> Date? {
        schedule.previous(atOrBefore: nominal.addingTimeInterval(-1))?.nominal
    }

    private mutating func decideRunning(through last: Date) {
        let handled = decision.state.handledThrough
        // From the end: those that are on time, and then the last one that is not.
        var punctual: [Date] = []
        var late: Date? = last
        while let nominal = late, nominal > handled,
            now.timeIntervalSince(start(of: nominal)) <= Double(ScheduleLimits.punctuality)
        {
            punctual.insert(nominal, at: 0)
            late = previous(before: nominal)
        }
        if let missed = late.flatMap({ $0 > handled ? $0 : nil }) {
            let caughtUp = catchUp(missed, whenLatest: punctual.isEmpty)
            if let end = caughtUp.last, end < missed, schedule.catchUp == .all {
                // More than one decision's worth.
                overlap(caughtUp.map { .init(nominal: $0, reason: .late) })
                decision.state.handledThrough = end
                decision.nextCheck = now
                return
            }
            overlap(caughtUp.map { .init(nominal: $0, reason: .late) } + punctual.map { .init(nominal: $0) })
        } else {
            overlap(punctual.map { .init(nominal: $0) })
        }
        decision.state.handledThrough = last
    }

    /// Which of the missed occurrences up to `missed` start; the others leave their rows.
    ///
    /// - Parameter isLatest: whether the last missed one is the last of all that are due.
    private mutating func catchUp(_ missed: Date, whenLatest isLatest: Bool) -> [Date] {
        let handled = decision.state.handledThrough
        switch schedule.catchUp {
        case .none:
            leave(.missedDowntime, after: handled, through: missed)
            return []
        case .latest where !isLatest:
            leave(.superseded, after: handled, through: missed)
            return []
        case .latest(let window):
            guard now.timeIntervalSince(missed) <= Double(window) else {
                leave(.missedWindow, after: handled, through: missed)
                return []
            }
            if let earlier = previous(before: missed), earlier > handled {
                leave(.superseded, after: handled, through: earlier)
            }
            return [missed]
        case .all:
            var found: [Date] = []
            var nominal = handled
            while found.count < ScheduleLimits.caughtUpAtOnce, let next = schedule.next(after: nominal)?.nominal,
                next <= missed
            {
                found.append(next)
                nominal = next
            }
            return found
        }
    }

    /// Lets the candidates through, one after another, as the overlap policy has it.
    private mutating func overlap(_ candidates: [ScheduleMachine.Start]) {
        for (place, candidate) in candidates.enumerated() {
            let waiting = decision.state.buffered.count
            switch schedule.overlap {
            case .allowAll: start(candidate)
            case .skip:
                if openRuns + waiting > 0 { leave(.overlapSkipped, candidate.nominal) } else { start(candidate) }
            case .bufferOne, .bufferAll:
                let most = schedule.overlap == .bufferOne ? 1 : ScheduleLimits.buffer
                if openRuns + waiting == 0 {
                    start(candidate)
                } else if waiting < most {
                    decision.state.buffered.append(candidate.nominal)
                    leave(.buffered, candidate.nominal)
                } else {
                    leave(.bufferFull, candidate.nominal)
                }
            case .cancelOther:
                // Each would end the one before it at once.
                guard place == candidates.count - 1 else {
                    leave(.superseded, candidate.nominal)
                    continue
                }
                for nominal in decision.state.buffered { leave(.superseded, nominal) }
                decision.state.buffered = []
                decision.cancelsOpenRuns = openRuns > 0
                start(candidate)
            }
        }
    }

    private mutating func start(_ candidate: ScheduleMachine.Start) {
        decision.starts.append(candidate)
        openRuns += 1
    }

    // MARK: - Rows

    private mutating func leave(_ reason: OccurrenceReason, _ nominal: Date) {
        if let last = decision.rows.indices.last, decision.rows[last].reason == reason,
            decision.rows[last].last < nominal
        {
            decision.rows[last].last = nominal
            decision.rows[last].count += 1
        } else {
            decision.rows.append(.init(reason: reason, first: nominal, last: nominal, count: 1))
        }
    }

    private mutating func leave(_ reason: OccurrenceReason, after earlier: Date, through last: Date) {
        guard let first = schedule.next(after: earlier)?.nominal, first <= last else { return }
        decision.rows.append(
            .init(
                reason: reason, first: first, last: last, count: schedule.count(after: earlier, through: last)))
    }
}
