extension JobDefinition {
    /// Holds the definition against every rule that needs nothing but itself.
    ///
    /// - Returns: the order of its tasks.
    /// - Throws: ``DefinitionError`` with all problems found.
    @discardableResult
    public func validate() throws(DefinitionError) -> JobGraph {
        var problems: [DefinitionError.Problem] = []
        problems += DefinitionRules.name(name, what: "job", path: "name", limit: DefinitionLimits.jobName)
        problems += DefinitionRules.description(description, path: "description")
        problems += parameterProblems()
        if tasks.isEmpty {
            problems.append(.init(code: "job.empty", path: "tasks", message: "A job needs at least one task."))
        }
        if tasks.count > DefinitionLimits.tasks {
            problems.append(
                .init(
                    code: "job.too-many-tasks", path: "tasks",
                    message: "A job has at most \(DefinitionLimits.tasks) tasks; this one has \(tasks.count)."))
        }
        var firstUse: [String: Int] = [:]
        for (index, task) in allTasks.enumerated() {
            let path = path(ofTaskAt: index)
            problems += task.problems(path: path, isLast: index == tasks.count)
            if let earlier = firstUse[task.name] {
                problems.append(
                    .init(
                        code: "task.duplicate-name", path: "\(path).name",
                        message: "tasks[\(earlier)] is called '\(task.name)' already; give each task its own name."))
            } else {
                firstUse[task.name] = index
            }
        }
        problems += DefinitionRules.seconds(timeLimit, path: "timeLimit")
        problems += DefinitionRules.count(maxConcurrentRuns, path: "maxConcurrentRuns", 1...1_000)
        problems += DefinitionRules.count(priority, path: "priority", DefinitionLimits.priorities)
        guard problems.isEmpty else { throw DefinitionError(problems) }
        let graph = try JobGraph(tasks)
        let lists = tasks.indices.flatMap { listProblems(ofTaskAt: $0, in: graph) }
        guard lists.isEmpty else { throw DefinitionError(lists) }
        return graph
    }

    /// Where the task at a place of ``allTasks`` stands in a job file.
    public func path(ofTaskAt index: Int) -> String { index < tasks.count ? "tasks[\(index)]" : "finally" }

    private func parameterProblems() -> [DefinitionError.Problem] {
        var problems: [DefinitionError.Problem] = []
        let isLoop = allTasks.contains { $0.forEach != nil }
        for (name, parameter) in parameters.sorted(by: { $0.key < $1.key }) {
            let path = "parameters.\(name)"
            if name.isEmpty || name.count > DefinitionLimits.identifier {
                problems.append(
                    .init(
                        code: "parameter.name", path: path,
                        message: "A parameter's name has 1 to \(DefinitionLimits.identifier) characters."))
            }
            if isLoop, name == ForEach.itemParameter || name == ForEach.indexParameter {
                problems.append(
                    .init(
                        code: "parameter.reserved", path: path,
                        message: "'\(name)' is what a for-each calls its element; call the parameter something else."))
            }
            problems += DefinitionRules.description(parameter.description, path: "\(path).description")
            if let value = parameter.defaultValue, !parameter.type.accepts(value) {
                problems.append(
                    .init(
                        code: "parameter.type", path: path,
                        message:
                            "Parameter '\(name)' takes \(parameter.type.words); its default is \(value.canonicalText)."
                    ))
            }
        }
        return problems
    }

    /// What is wrong with where a for-each takes its list from.
    private func listProblems(ofTaskAt index: Int, in graph: JobGraph) -> [DefinitionError.Problem] {
        guard let list = tasks[index].forEach?.list, parameters[list] == nil else { return [] }
        let names = graph.ancestors(of: index).map { tasks[$0].name }
        guard !names.contains(where: { $0 == list || list.hasPrefix($0 + ".") }) else { return [] }
        let known = parameters.keys.sorted() + names
        return [
            .init(
                code: "task.unknown-list", path: "tasks[\(index)].forEach.in",
                message: "'\(list)' is no parameter of the job and no task before '\(tasks[index].name)'. "
                    + (known.isEmpty ? "There is none of either." : "There is: \(known.joined(separator: ", ")).")
            )
        ]
    }

    /// The parameters of a run: the defaults with `overrides` over them.
    ///
    /// - Throws: ``DefinitionError`` `parameter.unknown` for a name that the job does not declare, `parameter.type` for a
    ///   value of another type, `parameter.missing` for one that has no default and was not given.
    public func resolvedParameters(_ overrides: [String: JSONValue]) throws(DefinitionError) -> [String: JSONValue] {
        var problems: [DefinitionError.Problem] = []
        for (name, value) in overrides.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters[name] else {
                let known =
                    parameters.isEmpty
                    ? "It declares none." : "It declares: \(parameters.keys.sorted().joined(separator: ", "))."
                problems.append(
                    .init(
                        code: "parameter.unknown", path: "parameters.\(name)",
                        message: "Job '\(self.name)' has no parameter '\(name)'. \(known)"))
                continue
            }
            guard parameter.type.accepts(value) else {
                problems.append(
                    .init(
                        code: "parameter.type", path: "parameters.\(name)",
                        message: "Parameter '\(name)' takes \(parameter.type.words), not \(value.canonicalText)."))
                continue
            }
        }
        for (name, parameter) in parameters.sorted(by: { $0.key < $1.key })
        where parameter.defaultValue == nil && overrides[name] == nil {
            problems.append(
                .init(
                    code: "parameter.missing", path: "parameters.\(name)",
                    message: "Parameter '\(name)' has no default: say what it is, \(parameter.type.words)."))
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }
        return parameters.compactMapValues(\.defaultValue).merging(overrides) { _, override in override }
    }
}
