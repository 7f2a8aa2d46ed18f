/// A run with all its tasks: what ``RunMachine`` works on.
public struct RunState: Sendable, Hashable, Codable {
    public var run: Run
    /// Those of the job in its order, the one that runs at last, then the elements of for-each tasks.
    public var tasks: [TaskRun]

    public init(run: Run, tasks: [TaskRun]) {
        self.run = run
        self.tasks = tasks
    }

    /// What the task at `index` is given: its parameters and the values of every task upstream of it.
    ///
    /// The task that runs at last is given the values of all.
    public func inputs(forTaskAt index: Int) -> TaskInputs {
        var parameters = tasks[index].pinned.parameters
        if let item = tasks[index].item, let element = tasks[index].id.element {
            parameters[ForEach.itemParameter] = item
            parameters[ForEach.indexParameter] = .integer(Int64(element))
        }
        var values: [String: JSONValue] = [:]
        for position in ancestors(of: tasks[index].id.index) {
            if let value = tasks[position].value { values[tasks[position].name] = value }
        }
        return TaskInputs(parameters: parameters, upstream: values)
    }

    /// The place of the task run of that identity; nil when the run has none.
    public func position(of task: TaskRunID) -> Int? {
        guard task.run == run.id else { return nil }
        // All but the elements stand where their number says.
        if task.element == nil, tasks.indices.contains(task.index), tasks[task.index].id == task { return task.index }
        return tasks.firstIndex { $0.id == task }
    }

    /// Whether the task at `index` may be leased as far as the run is concerned.
    public func mayLease(_ index: Int) -> Bool { !run.isHeld && !run.status.isEnded && mayStart(index) }

    /// The definition of the task, or of the for-each that the element at `index` belongs to.
    func definition(at index: Int) -> TaskDefinition? { run.definition.task(at: tasks[index].id.index) }

    /// How many task runs are not elements.
    var baseCount: Int { min(run.definition.allTasks.count, tasks.count) }

    /// The place of the task that runs at last.
    var finallyIndex: Int? { run.definition.finally == nil ? nil : run.definition.tasks.count }

    /// Whether the run's stop, if there is one, leaves the task a turn.
    func mayStart(_ index: Int) -> Bool {
        run.stoppedBy == nil && (run.overtime == nil || index == finallyIndex)
    }

    /// Whether a task has failed for good.
    var hasFailure: Bool { tasks.contains { $0.state.isFailure } }

    /// The places of all tasks that the task at `index` depends on, through others too.
    func ancestors(of index: Int) -> [Int] {
        if index == finallyIndex { return Array(0..<index) }
        var seen = Set(tasks[index].pinned.upstream)
        var open = Array(seen)
        while let position = open.popLast() {
            for earlier in tasks[position].pinned.upstream where seen.insert(earlier).inserted { open.append(earlier) }
        }
        return seen.sorted()
    }

    /// The tasks that a failure does not give up under ``FailurePolicy/stop``: those that were written for failures, those
    /// behind them, and the one that runs at last.
    func keptAfterFailure() -> Set<Int> {
        var kept: Set<Int> = []
        var downstream: [Int: [Int]] = [:]
        for index in 0..<baseCount {
            for earlier in tasks[index].pinned.upstream { downstream[earlier, default: []].append(index) }
            if definition(at: index)?.runIf.toleratesFailure == true || index == finallyIndex { kept.insert(index) }
        }
        var open = Array(kept)
        while let position = open.popLast() {
            for later in downstream[position] ?? [] where kept.insert(later).inserted { open.append(later) }
        }
        return kept
    }
}
