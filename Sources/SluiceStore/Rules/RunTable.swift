import Foundation
import SluiceCore

/// What the rules of a run store need of a storage, inside one transaction.
///
/// The stores only load and save; every decision is written once, in the extensions of this protocol.
protocol RunTable {
    /// The present on the store's clock, the same throughout the transaction.
    var now: Date { get }

    mutating func state(of run: RunID) throws -> RunState?
    /// The run that was submitted under `key`.
    mutating func run(submittedUnder key: String) throws -> RunID?

    /// A number that no run had before.
    mutating func nextRun() throws -> RunID
    /// A fencing token higher than every earlier one.
    mutating func nextToken() throws -> Int64

    mutating func insert(_ state: RunState, key: String?) throws
    /// Writes the run and those of its tasks that are at `tasks`.
    mutating func update(_ state: RunState, tasks: [Int]) throws
    mutating func append(_ changes: [RunChange], of run: RunID) throws

    mutating func occupancy() throws -> [PoolOccupancy]
    /// The first `limit` tasks that wait for a slot of `pool` to be leased, in leasing order.
    mutating func ready(in pool: String, kinds: Set<ScriptKind>, limit: Int) throws -> [ReadyTask]
}

/// How full a pool is.
struct PoolOccupancy: Equatable {
    var name: String
    var slots: Int
    /// Running attempts that hold a slot.
    var holding: Int
    /// Running attempts that gave up another slot and wait for one here.
    var waiting: Int

    var hasFreeSlot: Bool { holding < slots }
    /// Slots for attempts that have not started. Whoever waits in mid-script goes first: it blocks its run, perhaps
    /// with a session open, and under a long queue it would never get its turn.
    var slotsForNewAttempts: Int { max(0, slots - holding - waiting) }
}

/// A task that may be leased, by its place in the leasing order.
struct ReadyTask: Hashable, Comparable {
    var readyAt: Date
    var run: RunID
    /// Its place in ``RunState/tasks``.
    var position: Int

    static func < (lhs: ReadyTask, rhs: ReadyTask) -> Bool {
        (lhs.readyAt, lhs.run, lhs.position) < (rhs.readyAt, rhs.run, rhs.position)
    }
}
