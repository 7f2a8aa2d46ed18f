/// Which task of a job waits for which, by position in the job's list.
public struct JobGraph: Sendable, Hashable {
    /// For every task the positions of the tasks that must have succeeded first, ascending.
    public let upstream: [[Int]]
    /// For every task the positions of the tasks that wait for it, ascending.
    public let downstream: [[Int]]

    /// Reads the order of `tasks`: their list order, or `after` where a task says it.
    ///
    /// - Throws: ``DefinitionError`` `task.unknown-after`, `job.cycle`.
    public init(_ tasks: [TaskDefinition]) throws(DefinitionError) {
        let positions = Dictionary(tasks.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var upstream: [[Int]] = []
        var problems: [DefinitionError.Problem] = []
        for (index, task) in tasks.enumerated() {
            guard let after = task.after else {
                upstream.append(index == 0 ? [] : [index - 1])
                continue
            }
            var found: Set<Int> = []
            for name in after {
                if let position = positions[name] {
                    found.insert(position)
                } else {
                    problems.append(
                        .init(
                            code: "task.unknown-after", path: "tasks[\(index)].after",
                            message: "Task '\(task.name)' comes after '\(name)', but the job has no task of that name. "
                                + "It has: \(tasks.map(\.name).joined(separator: ", "))."))
                }
            }
            upstream.append(found.sorted())
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }

        var downstream = [[Int]](repeating: [], count: tasks.count)
        for (index, before) in upstream.enumerated() {
            for position in before { downstream[position].append(index) }
        }
        if let cycle = Self.cycle(upstream) {
            let path = (cycle + [cycle[0]]).map { "'\(tasks[$0].name)'" }.joined(separator: " → ")
            throw DefinitionError(
                code: "job.cycle", path: "tasks[\(cycle[0])].after",
                "The tasks wait for each other in a circle: \(path). Take one of these 'after' entries out.")
        }
        self.upstream = upstream
        self.downstream = downstream
    }

    /// The positions of all tasks that the task at `index` depends on, through others too, ascending.
    public func ancestors(of index: Int) -> [Int] {
        var found: Set<Int> = []
        var open = upstream[index]
        while let position = open.popLast() {
            if found.insert(position).inserted { open += upstream[position] }
        }
        return found.sorted()
    }

    /// The positions of one circle in running order from its first task, or nil. Peels off what can run; a circle is what remains.
    private static func cycle(_ upstream: [[Int]]) -> [Int]? {
        var waiting = upstream.map(\.count)
        var dependents = [[Int]](repeating: [], count: upstream.count)
        for (index, before) in upstream.enumerated() {
            for position in before { dependents[position].append(index) }
        }
        var ready = waiting.indices.filter { waiting[$0] == 0 }
        while let next = ready.popLast() {
            for dependent in dependents[next] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        guard var position = waiting.firstIndex(where: { $0 > 0 }) else { return nil }
        // Every remaining task waits for a remaining one: walking up must come round.
        var seen: [Int: Int] = [:]
        var walk: [Int] = []
        while seen[position] == nil {
            seen[position] = walk.count
            walk.append(position)
            position = upstream[position].first { waiting[$0] > 0 }!
        }
        let circle = Array(walk[seen[position]!...].reversed())
        let first = circle.firstIndex(of: circle.min()!)!
        return Array(circle[first...] + circle[..<first])
    }
}
