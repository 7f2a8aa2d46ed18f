import Sluice

/// A task of a run with its elements, when it runs once for each element of a list.
struct TaskGroup {
    /// Its place in the run.
    var position: Int
    var task: TaskRun
    /// The places of the elements in the run, in their order.
    var elementPositions: [Int] = []
    var elements: [TaskRun] = []
}

extension RunState {
    /// The tasks in the job's order, each with its elements.
    var groups: [TaskGroup] {
        var groups: [TaskGroup] = []
        for (position, task) in tasks.enumerated() {
            if task.id.element == nil {
                groups.append(TaskGroup(position: position, task: task))
            } else if groups.indices.contains(task.id.index) {
                groups[task.id.index].elementPositions.append(position)
                groups[task.id.index].elements.append(task)
            }
        }
        return groups
    }

    /// The places of all task runs, elements behind their task.
    var displayOrder: [Int] { groups.flatMap { [$0.position] + $0.elementPositions } }
}

extension TaskRun {
    /// `load`, or `load[3]` for an element.
    var displayName: String { name + (id.element.map { "[\($0)]" } ?? "") }

    /// Why it is in its state, with its place in line when it waits for a slot.
    func reason(placeInLine: Int?) -> String? {
        guard let placeInLine, state == .pending, reason?.hasPrefix("waits for pool") == true else { return reason }
        return "\(reason ?? ""), \(Formats.ordinal(placeInLine)) in line"
    }
}

/// How the elements of a task stand, counted.
struct ElementTally {
    private var done = 0
    private var running = 0
    private var failed = 0
    private var all = 0

    init(_ elements: [TaskRun]) {
        all = elements.count
        for element in elements {
            if element.state == .succeeded { done += 1 }
            if element.state == .running { running += 1 }
            if element.state.isFailure { failed += 1 }
        }
    }

    /// `12 of 5,000 elements done, 3 running, 1 failed`
    var words: String {
        var words = "\(Formats.count(done)) of \(Formats.count(all, "element")) done"
        if running > 0 { words += ", \(Formats.count(running)) running" }
        if failed > 0 { words += ", \(Formats.count(failed)) failed" }
        return words
    }
}
