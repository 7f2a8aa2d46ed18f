import Foundation
import SluiceCore
import Testing

@Suite("What a schedule does with its occurrences")
struct ScheduleMachineTests {
    /// A decision with its times as `HH:mm` of 2026-03-02, a Monday.
    struct Told: Equatable, Sendable {
        var starts: [String] = []
        var rows: [String] = []
        var buffered: [String] = []
        var cancels = false
        var next: String?
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var cron = "0 * * * *"
        var overlap = Schedule.Overlap.skip
        var catchUp = Schedule.CatchUp.latest(window: 86_400)
        var handled: String
        var now: String
        var open = 0
        var buffered: [String] = []
        var paused = false
        var told: Told
    }

    static func at(_ time: String) throws -> Date {
        try ScheduleFixture.date("2026-03-02T\(time.count == 5 ? "\(time):00" : time)Z")
    }

    static func text(_ date: Date) -> String {
        let text = date.formatted(ScheduleFixture.iso)
        return text.hasPrefix("2026-03-02T") ? String(text.dropFirst(11).prefix(5)) : String(text.prefix(16))
    }

    static func tell(_ decision: ScheduleMachine.Decision) -> Told {
        Told(
            starts: decision.starts.map { text($0.nominal) + ($0.reason.map { " \($0.rawValue)" } ?? "") },
            rows: decision.rows.map {
                "\($0.reason.rawValue) \(text($0.first))" + ($0.count == 1 ? "" : "–\(text($0.last)) ×\($0.count)")
            },
            buffered: decision.state.buffered.map(text), cancels: decision.cancelsOpenRuns,
            next: decision.nextCheck.map(text))
    }

    @Test(
        "Due, late and missed occurrences",
        arguments: [
            Case(
                testDescription: "nothing is due, and it says when to ask again", handled: "10:00", now: "10:59:59",
                told: Told(next: "11:00")),
            Case(
                testDescription: "an occurrence starts at its time", handled: "10:00", now: "11:00",
                told: Told(starts: ["11:00"], next: "12:00")),
            Case(
                testDescription: "a moment later is still on time", handled: "10:00", now: "11:01:00",
                told: Told(starts: ["11:00"], next: "12:00")),
            Case(
                testDescription: "more than that is late, and caught up", handled: "10:00", now: "11:01:01",
                told: Told(starts: ["11:00 late"], next: "12:00")),
            Case(
                testDescription: "the latest of several missed ones starts", handled: "05:00", now: "10:30",
                told: Told(starts: ["10:00 late"], rows: ["superseded 06:00–09:00 ×4"], next: "11:00")),
            Case(
                testDescription: "an occurrence that is on time stands for all missed before it", handled: "05:00",
                now: "10:00:30", told: Told(starts: ["10:00"], rows: ["superseded 06:00–09:00 ×4"], next: "11:00")),
            Case(
                testDescription: "what lies further back than the window does not start",
                catchUp: .latest(window: 1_200), handled: "05:00", now: "10:30",
                told: Told(rows: ["missed.window 06:00–10:00 ×5"], next: "11:00")),
            Case(
                testDescription: "the window's last second counts", catchUp: .latest(window: 1_800), handled: "09:00",
                now: "10:30", told: Told(starts: ["10:00 late"], next: "11:00")),
            Case(
                testDescription: "nothing is caught up", catchUp: .none, handled: "05:00", now: "10:30",
                told: Told(rows: ["missed.downtime 06:00–10:00 ×5"], next: "11:00")),
            Case(
                testDescription: "nothing is caught up, but what is on time starts", catchUp: .none, handled: "05:00",
                now: "10:00:01",
                told: Told(starts: ["10:00"], rows: ["missed.downtime 06:00–09:00 ×4"], next: "11:00")),
            Case(
                testDescription: "all are caught up side by side", overlap: .allowAll, catchUp: .all, handled: "07:00",
                now: "10:00", told: Told(starts: ["08:00 late", "09:00 late", "10:00"], next: "11:00")),
            Case(
                testDescription: "all are caught up, and skip lets one through", catchUp: .all, handled: "07:00",
                now: "10:30",
                told: Told(starts: ["08:00 late"], rows: ["overlap.skipped 09:00–10:00 ×2"], next: "11:00")),
            Case(
                testDescription: "all are caught up one after another", overlap: .bufferAll, catchUp: .all,
                handled: "07:00", now: "10:30",
                told: Told(
                    starts: ["08:00 late"], rows: ["overlap.buffered 09:00–10:00 ×2"], buffered: ["09:00", "10:00"],
                    next: "11:00")),
            Case(
                testDescription: "a clock that went back starts nothing again", handled: "11:00", now: "10:30",
                told: Told(next: "12:00")),
        ])
    func missed(_ example: Case) throws { try check(example) }

    @Test(
        "An occurrence while a run has not ended",
        arguments: [
            Case(
                testDescription: "skip leaves a row", handled: "10:00", now: "11:00", open: 1,
                told: Told(rows: ["overlap.skipped 11:00"], next: "12:00")),
            Case(
                testDescription: "buffer one waits", overlap: .bufferOne, handled: "10:00", now: "11:00", open: 1,
                told: Told(rows: ["overlap.buffered 11:00"], buffered: ["11:00"], next: "12:00")),
            Case(
                testDescription: "buffer one keeps the one that waits already", overlap: .bufferOne, handled: "11:00",
                now: "12:00", open: 1, buffered: ["11:00"],
                told: Told(rows: ["overlap.buffer-full 12:00"], buffered: ["11:00"], next: "13:00")),
            Case(
                testDescription: "buffer all waits behind the others", overlap: .bufferAll, handled: "11:00",
                now: "12:00", open: 1, buffered: ["11:00"],
                told: Told(rows: ["overlap.buffered 12:00"], buffered: ["11:00", "12:00"], next: "13:00")),
            Case(
                testDescription: "cancel other ends the run and starts", overlap: .cancelOther, handled: "10:00",
                now: "11:00", open: 1, told: Told(starts: ["11:00"], cancels: true, next: "12:00")),
            Case(
                testDescription: "cancel other has nothing to end", overlap: .cancelOther, handled: "10:00",
                now: "11:00", told: Told(starts: ["11:00"], next: "12:00")),
            Case(
                testDescription: "cancel other starts the last of many", overlap: .cancelOther, catchUp: .all,
                handled: "08:00", now: "11:00", open: 1,
                told: Told(starts: ["11:00"], rows: ["superseded 09:00–10:00 ×2"], cancels: true, next: "12:00")),
            Case(
                testDescription: "allow all starts beside it", overlap: .allowAll, handled: "10:00", now: "11:00",
                open: 3, told: Told(starts: ["11:00"], next: "12:00")),
            Case(
                testDescription: "what waits starts when the run has ended", overlap: .bufferAll, handled: "11:00",
                now: "11:30", buffered: ["10:00", "11:00"],
                told: Told(starts: ["10:00 overlap.buffered"], buffered: ["11:00"], next: "12:00")),
            Case(
                testDescription: "what waits goes before what is due", overlap: .bufferOne, handled: "11:00",
                now: "12:00", buffered: ["11:00"],
                told: Told(
                    starts: ["11:00 overlap.buffered"], rows: ["overlap.buffered 12:00"], buffered: ["12:00"],
                    next: "13:00")),
            Case(
                testDescription: "what waits does not start beside a run", overlap: .bufferAll, handled: "11:00",
                now: "11:30", open: 1, buffered: ["11:00"], told: Told(buffered: ["11:00"], next: "12:00")),
        ])
    func overlap(_ example: Case) throws { try check(example) }

    @Test(
        "A paused schedule",
        arguments: [
            Case(
                testDescription: "starts nothing and says so, without listing", handled: "05:00", now: "10:30",
                paused: true, told: Told(rows: ["paused 06:00–10:00 ×5"], next: "11:00")),
            Case(
                testDescription: "keeps what waits", overlap: .bufferAll, handled: "10:00", now: "10:30",
                buffered: ["10:00"], paused: true, told: Told(buffered: ["10:00"], next: "11:00")),
        ])
    func paused(_ example: Case) throws { try check(example) }

    private func check(_ example: Case) throws {
        var schedule = try ScheduleFixture.cron(example.cron)
        schedule.overlap = example.overlap
        schedule.catchUp = example.catchUp
        var state = ScheduleState(setAt: try Self.at(example.handled))
        state.buffered = try example.buffered.map(Self.at)
        let now = try Self.at(example.now)
        if example.paused { state = ScheduleMachine.paused(state, by: "dana", at: now) }
        let decision = ScheduleMachine.due(schedule, id: "1", state: state, now: now, openRuns: example.open)
        #expect(Self.tell(decision) == example.told)
        // Asked again at the same time with the runs that were started, it decides nothing twice.
        let again = ScheduleMachine.due(
            schedule, id: "1", state: decision.state, now: now, openRuns: example.open + decision.starts.count)
        #expect(again.starts.isEmpty || example.overlap == .allowAll)
        #expect(again.rows.isEmpty)
        #expect(again.state == decision.state)
    }

    @Test("A million missed occurrences are one row, at once")
    func million() throws {
        let schedule = try ScheduleFixture.cron("* * * * *")
        let now = try ScheduleFixture.date("2026-03-02T10:00:30Z")
        let state = ScheduleState(setAt: now.addingTimeInterval(-60 * 1_000_000))
        let decision = ScheduleMachine.due(schedule, id: "1", state: state, now: now, openRuns: 0)
        #expect(decision.starts.map(\.nominal) == [try Self.at("10:00")])
        #expect(decision.rows.count == 1)
        #expect(decision.rows.first?.count == 999_999)
    }

    @Test("All of many missed ones are caught up in turns, none lost and none twice")
    func turns() throws {
        var schedule = try ScheduleFixture.cron("* * * * *")
        schedule.catchUp = .all
        schedule.overlap = .allowAll
        let now = try ScheduleFixture.date("2026-03-02T10:00:00Z")
        var state = ScheduleState(setAt: now.addingTimeInterval(-60 * 2_500))
        var started: [Date] = []
        var turns = 0
        while true {
            let decision = ScheduleMachine.due(schedule, id: "1", state: state, now: now, openRuns: 0)
            started += decision.starts.map(\.nominal)
            state = decision.state
            turns += 1
            guard let next = decision.nextCheck, next <= now, turns < 10 else { break }
        }
        #expect(turns == 3)
        #expect(started.count == 2_500)
        #expect(Set(started).count == 2_500)
        #expect(started == started.sorted())
    }

    @Test("With jitter an occurrence starts at its own delay, under its nominal time")
    func jitter() throws {
        var schedule = try ScheduleFixture.cron("0 * * * *")
        schedule.jitter = 1_800
        let nominal = try Self.at("11:00")
        let start = schedule.startTime(of: nominal, id: "job-7")
        #expect(start > nominal)
        let state = ScheduleState(setAt: try Self.at("10:00"))
        let early = ScheduleMachine.due(
            schedule, id: "job-7", state: state, now: start.addingTimeInterval(-0.01), openRuns: 0)
        #expect(early.starts.isEmpty)
        #expect(early.nextCheck == start)
        #expect(early.state == state)
        let due = ScheduleMachine.due(schedule, id: "job-7", state: state, now: start, openRuns: 0)
        #expect(due.starts == [.init(nominal: nominal)])
    }

    @Test("Random clocks, ends and pauses: each occurrence is started or accounted for once, and never both")
    func accounts() throws {
        for seed in 0..<60 {
            var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
            func roll(_ limit: Int) -> Int {
                random ^= random << 13
                random ^= random >> 7
                random ^= random << 17
                return Int(random % UInt64(limit))
            }
            var schedule = try ScheduleFixture.cron(
                ["*/5 * * * *", "0,7 * * * *", "30 1 * * *"][roll(3)], "Europe/Berlin")
            schedule.overlap = Schedule.Overlap.allCases[roll(5)]
            schedule.catchUp = [.latest(window: 3_600), .all, .none][roll(3)]
            schedule.jitter = [0, 0, 100][roll(3)]
            let begin = try ScheduleFixture.date("2026-03-28T20:00:00Z")
            var state = ScheduleState(setAt: begin)
            var now = begin
            var open = 0
            var starts: [Date] = []
            var accounted = 0
            for _ in 0..<120 {
                now.addTimeInterval(Double([1, 30, 300, 4_000, 90_000, -500][roll(6)]))
                if open > 0, roll(2) == 0 { open -= 1 }
                if roll(10) == 0 { state = ScheduleMachine.paused(state, by: "dana", at: now) }
                if roll(5) == 0 { state = ScheduleMachine.resumed(state) }
                let before = state
                let decision = ScheduleMachine.due(schedule, id: "s", state: state, now: now, openRuns: open)
                state = decision.state
                if decision.cancelsOpenRuns { open = 0 }
                open += decision.starts.count
                starts += decision.starts.map(\.nominal)
                accounted += decision.starts.count { $0.reason != .buffered }
                // One that waits was accounted for when it was put there, whatever becomes of it.
                accounted += decision.rows.filter { row in
                    !(row.reason == .superseded && before.buffered.contains(row.first))
                }.reduce(0) { $0 + $1.count }
            }
            #expect(Set(starts).count == starts.count, "seed \(seed)")
            #expect(accounted == schedule.count(after: begin, through: state.handledThrough), "seed \(seed)")
        }
    }

    @Test("Failures in succession pause the schedule, a success forgets them, a termination says nothing")
    func failures() throws {
        var schedule = try ScheduleFixture.cron("0 * * * *")
        schedule.pauseAfterFailures = 3
        let now = try Self.at("10:00")
        var state = ScheduleState(setAt: now)
        for ending in [ScheduleMachine.Ending.failed, .failed, .terminated, .succeeded, .failed, .failed, .terminated] {
            state = ScheduleMachine.ended(ending, of: schedule, state: state, at: now)
            #expect(state.pause == nil)
        }
        state = ScheduleMachine.ended(.failed, of: schedule, state: state, at: now)
        #expect(state.pause == SchedulePause(.failures, since: now))
        #expect(ScheduleMachine.resumed(state) == ScheduleState(setAt: now))
    }

    @Test("A schedule that is over asks for nothing more")
    func over() throws {
        let schedule = Schedule(.once(try #require(LocalDateTime("2026-03-02T11:00"))), zone: .utc)
        let first = ScheduleMachine.due(
            schedule, id: "1", state: ScheduleState(setAt: try Self.at("10:00")), now: try Self.at("11:00"), openRuns: 0
        )
        #expect(first.starts.count == 1)
        #expect(first.nextCheck == nil)
    }

    @Test("Reason codes and the state's written form stay as they are")
    func stable() throws {
        #expect(
            OccurrenceReason.allCases.map(\.rawValue) == [
                "overlap.skipped", "overlap.buffer-full", "overlap.buffered", "missed.downtime", "missed.window",
                "superseded", "paused", "late", "event",
            ])
        let state = ScheduleMachine.paused(
            ScheduleState(setAt: try Self.at("10:00")), by: "dana", at: try Self.at("11:00"))
        #expect(try JSONDecoder().decode(ScheduleState.self, from: JSONEncoder().encode(state)) == state)
    }
}
