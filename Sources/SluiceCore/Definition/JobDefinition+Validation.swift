extension JobDefinition {
    /// Holds the definition against every rule that needs nothing but itself.
    ///
    /// - Returns: the order of its tasks.
    /// - Throws: ``DefinitionError`` with all problems found.
    @discardableResult
    public func validate() throws(DefinitionError) -> JobGraph {
        var problems: [DefinitionError.Problem] = []
        problems += Self.nameProblems(name, what: "job", path: "name", limit: DefinitionLimits.jobName)
        problems += Self.descriptionProblems(description, path: "description")
        if tasks.isEmpty {
            problems.append(.init(code: "job.empty", path: "tasks", message: "A job needs at least one task."))
        }
        var firstUse: [String: Int] = [:]
        for (index, task) in tasks.enumerated() {
            let path = "tasks[\(index)]"
            problems += Self.nameProblems(
                task.name, what: "task", path: "\(path).name", limit: DefinitionLimits.taskName)
            problems += Self.descriptionProblems(task.description, path: "\(path).description")
            if let earlier = firstUse[task.name] {
                problems.append(
                    .init(
                        code: "task.duplicate-name", path: "\(path).name",
                        message: "tasks[\(earlier)] is called '\(task.name)' already; give each task its own name."))
            } else {
                firstUse[task.name] = index
            }
            if let problem = ScriptNameRules.bucketProblem(task.script) {
                problems.append(
                    .init(code: "task.script-name", path: "\(path).script", message: "Not a script's name: \(problem).")
                )
            }
            for (field, value) in [("pool", task.pool), ("database", task.database), ("schema", task.schema)] {
                guard let value, value.isEmpty || value.count > DefinitionLimits.identifier else { continue }
                problems.append(
                    .init(
                        code: "task.identifier", path: "\(path).\(field)",
                        message: "A \(field) has 1 to \(DefinitionLimits.identifier) characters."))
            }
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }
        return try JobGraph(tasks)
    }

    private static func nameProblems(
        _ name: String, what: String, path: String, limit: Int
    ) -> [DefinitionError.Problem] {
        if name.allSatisfy(\.isWhitespace) {
            return [.init(code: "\(what).name-empty", path: path, message: "A \(what) needs a name.")]
        }
        if name.count > limit {
            return [
                .init(
                    code: "\(what).name-too-long", path: path,
                    message: "The name of a \(what) has at most \(limit) characters; this one has \(name.count).")
            ]
        }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return [
                .init(
                    code: "\(what).name-control", path: path,
                    message: "The name of a \(what) may not hold line breaks or other control characters.")
            ]
        }
        return []
    }

    private static func descriptionProblems(_ text: String, path: String) -> [DefinitionError.Problem] {
        guard text.count > DefinitionLimits.description else { return [] }
        return [
            .init(
                code: "description.too-long", path: path,
                message: "A description has at most \(DefinitionLimits.description) characters; "
                    + "this one has \(text.count).")
        ]
    }

    /// The parameters of a run: the defaults with `overrides` over them.
    ///
    /// - Throws: ``DefinitionError`` `parameter.unknown` for a name that the job does not declare.
    public func resolvedParameters(_ overrides: [String: JSONValue]) throws(DefinitionError) -> [String: JSONValue] {
        let unknown = overrides.keys.filter { parameters[$0] == nil }.sorted()
        guard unknown.isEmpty else {
            let known =
                parameters.isEmpty
                ? "It declares none." : "It declares: \(parameters.keys.sorted().joined(separator: ", "))."
            throw DefinitionError(
                unknown.map {
                    .init(
                        code: "parameter.unknown", path: "parameters.\($0)",
                        message: "Job '\(name)' has no parameter '\($0)'. \(known)")
                })
        }
        return parameters.merging(overrides) { _, override in override }
    }
}
