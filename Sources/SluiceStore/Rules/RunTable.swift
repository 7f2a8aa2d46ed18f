import Foundation
import SluiceCore

/// What the rules of a run store need of a storage, inside one transaction.
///
/// The stores only load and save; every decision is written once, in the extensions of this protocol.
protocol RunTable: ScheduleTable {
    /// The present on the store's clock, the same throughout the transaction.
    var now: Date { get }

    mutating func state(of run: RunID) throws -> RunState?
    /// The run that was submitted under `key`.
    mutating func run(submittedUnder key: String) throws -> RunID?
    /// The runs of a job that have not ended, oldest first.
    mutating func openRuns(of job: JobID) throws -> [OpenRun]
    /// The runs with a deadline that has come, see ``RunState/nextDue(after:)``.
    mutating func dueRuns() throws -> [RunID]

    /// A number that no run had before.
    mutating func nextRun() throws -> RunID
    /// A fencing token higher than every earlier one.
    mutating func nextToken() throws -> Int64

    mutating func insert(_ state: RunState, key: String?) throws
    /// Writes the run and those of its tasks that are at `tasks`; places from the former end on are new.
    mutating func update(_ state: RunState, tasks: [Int]) throws
    /// Writes the run anew with all that was pinned.
    mutating func rewrite(_ state: RunState) throws
    mutating func append(_ changes: [RunChange], of run: RunID) throws

    mutating func occupancy() throws -> [PoolOccupancy]
    /// The first `limit` tasks that wait for a slot of `pool` and may be leased now, in leasing order.
    ///
    /// - Parameter worker: when given, only tasks of runs that are attached to it.
    mutating func ready(
        in pool: String, kinds: Set<ScriptKind>, attachedTo worker: String?, limit: Int
    ) throws -> [ReadyTask]

    /// How far the queue of a pool has come, as a rank; 0 at first.
    mutating func queuePosition(of pool: String) throws -> Double
    mutating func setQueuePosition(of pool: String, _ rank: Double) throws
    /// Where the next task of a flow may stand in the queue of a pool; nil when the flow has had no turn lately.
    mutating func nextRank(of flow: String, in pool: String) throws -> Double?
    mutating func setNextRank(of flow: String, in pool: String, _ rank: Double) throws
}

/// A run that has not ended.
struct OpenRun: Equatable {
    var id: RunID
    /// Whether it waits for others to end.
    var isHeld: Bool
}

/// How full a pool is.
struct PoolOccupancy: Equatable {
    var name: String
    var slots: Int
    /// Whether nothing new may start.
    var isSuspended: Bool
    /// Running attempts that hold a slot.
    var holding: Int
    /// Running attempts that gave up another slot and wait for one here.
    var waiting: Int

    var hasFreeSlot: Bool { !isSuspended && holding < slots }
    /// Slots for attempts that have not started. Whoever waits in mid-script goes first: it blocks its run, perhaps
    /// with a session open, and under a long queue it would never get its turn.
    var slotsForNewAttempts: Int { isSuspended ? 0 : max(0, slots - holding - waiting) }
}

/// A task that may be leased, by its place in the leasing order of its pool.
struct ReadyTask: Hashable, Comparable {
    /// See ``RunTable/assignRanks(_:at:)``.
    var rank: Double
    var run: RunID
    /// Its place in ``RunState/tasks``.
    var position: Int

    static func < (lhs: ReadyTask, rhs: ReadyTask) -> Bool {
        (lhs.rank, lhs.run, lhs.position) < (rhs.rank, rhs.run, rhs.position)
    }
}
