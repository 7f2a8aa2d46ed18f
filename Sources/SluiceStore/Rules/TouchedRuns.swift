import SluiceCore

/// The runs that a transaction has moved and not yet written, in the order in which it first touched them.
struct TouchedRuns {
    struct Entry {
        var state: RunState
        var tasks: Set<Int> = []
        var changes: [RunChange] = []
        /// Whether the run itself has to be written, whatever became of its tasks.
        var isVisited = false

        /// Whether this transaction has ended the run.
        var hasEnded: Bool {
            changes.contains { change in
                if case .run(let status, _) = change { return status.isEnded }
                return false
            } && state.run.status.isEnded
        }
    }

    private(set) var entries: [RunID: Entry] = [:]
    private(set) var order: [RunID] = []

    /// The state that the transaction sees, loading it at the first touch.
    mutating func state(of run: RunID, from table: inout some RunTable) throws -> RunState? {
        if let entry = entries[run] { return entry.state }
        guard let state = try table.state(of: run) else { return nil }
        entries[run] = Entry(state: state)
        order.append(run)
        return state
    }

    mutating func record(_ transition: RunMachine.Transition) {
        let run = transition.state.run.id
        entries[run]?.state = transition.state
        entries[run]?.tasks.formUnion(transition.changedTasks)
        entries[run]?.changes += transition.changes
    }

    /// Notes a change of the task at `position` that is no transition of its run.
    mutating func record(_ state: RunState, task position: Int) {
        entries[state.run.id]?.state = state
        entries[state.run.id]?.tasks.insert(position)
    }

    /// Has the run written even if nothing of it has changed.
    mutating func recordVisit(of run: RunID) { entries[run]?.isVisited = true }

    /// Gives what has become ready its rank, and writes what has changed.
    mutating func save(to table: inout some RunTable) throws {
        for run in order {
            guard var entry = entries[run], entry.isVisited || !entry.tasks.isEmpty || !entry.changes.isEmpty else {
                continue
            }
            let places = entry.tasks.sorted()
            try table.assignRanks(&entry.state, at: places)
            try table.update(entry.state, tasks: places)
            try table.append(entry.changes, of: run)
            entries[run] = entry
        }
    }
}
