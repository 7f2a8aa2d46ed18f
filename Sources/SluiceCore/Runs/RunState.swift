/// A run with all its tasks: what ``RunMachine`` works on.
public struct RunState: Sendable, Hashable, Codable {
    public var run: Run
    /// In the job's order.
    public var tasks: [TaskRun]

    public init(run: Run, tasks: [TaskRun]) {
        self.run = run
        self.tasks = tasks
    }

    /// What the task at `index` is given: its parameters and the values of every task upstream of it.
    public func inputs(forTaskAt index: Int) -> TaskInputs {
        var values: [String: JSONValue] = [:]
        var open = tasks[index].pinned.upstream
        var seen = Set(open)
        while let position = open.popLast() {
            let task = tasks[position]
            if let value = task.value { values[task.name] = value }
            for earlier in task.pinned.upstream where seen.insert(earlier).inserted { open.append(earlier) }
        }
        return TaskInputs(parameters: tasks[index].pinned.parameters, upstream: values)
    }
}
