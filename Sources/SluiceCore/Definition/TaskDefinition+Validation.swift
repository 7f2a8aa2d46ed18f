extension TaskDefinition {
    /// - Parameter isLast: whether it is the job's `finally` task, which comes after everything by itself.
    func problems(path: String, isLast: Bool) -> [DefinitionError.Problem] {
        var problems: [DefinitionError.Problem] = []
        problems += DefinitionRules.name(name, what: "task", path: "\(path).name", limit: DefinitionLimits.taskName)
        problems += DefinitionRules.description(description, path: "\(path).description")
        if let problem = ScriptNameRules.bucketProblem(script) {
            problems.append(
                .init(code: "task.script-name", path: "\(path).script", message: "Not a script's name: \(problem)."))
        }
        for (field, value) in [("pool", pool), ("database", database), ("schema", schema)] {
            guard let value, value.isEmpty || value.count > DefinitionLimits.identifier else { continue }
            problems.append(
                .init(
                    code: "task.identifier", path: "\(path).\(field)",
                    message: "A \(field) has 1 to \(DefinitionLimits.identifier) characters."))
        }
        if isLast {
            for (field, isSaid) in [
                ("after", after != nil), ("runIf", runIf != .allSucceeded), ("forEach", forEach != nil),
            ] where isSaid {
                problems.append(
                    .init(
                        code: "task.finally", path: "\(path).\(field)",
                        message:
                            "The 'finally' task runs once, after all others, however they ended: take '\(field)' out."
                    ))
            }
        }
        problems += retryProblems(path: "\(path).retries")
        if let limits {
            problems += DefinitionRules.seconds(limits.queue, path: "\(path).limits.queue")
            problems += DefinitionRules.seconds(limits.attempt, path: "\(path).limits.attempt")
            problems += DefinitionRules.seconds(limits.total, path: "\(path).limits.total")
        }
        problems += DefinitionRules.count(forEach?.concurrency, path: "\(path).forEach.concurrency", 1...ForEach.limit)
        return problems
    }

    private func retryProblems(path: String) -> [DefinitionError.Problem] {
        guard let retries else { return [] }
        var problems = DefinitionRules.count(retries.count, path: "\(path).count", 0...DefinitionLimits.retries)
        for (field, value, range) in [
            ("delay", retries.delay, 0...DefinitionLimits.seconds), ("factor", retries.factor, 1...100),
            ("cap", retries.cap, 0...DefinitionLimits.seconds), ("jitter", retries.jitter, 0...1),
        ] where !range.contains(value) {
            problems.append(
                .init(
                    code: "task.retries", path: "\(path).\(field)",
                    message: "This is a number from \(DefinitionRules.text(range.lowerBound)) to "
                        + "\(DefinitionRules.text(range.upperBound)), not \(DefinitionRules.text(value))."))
        }
        return problems
    }
}

/// Rules that several parts of a definition share.
enum DefinitionRules {
    static func name(_ name: String, what: String, path: String, limit: Int) -> [DefinitionError.Problem] {
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

    static func description(_ text: String, path: String) -> [DefinitionError.Problem] {
        guard text.count > DefinitionLimits.description else { return [] }
        return [
            .init(
                code: "description.too-long", path: path,
                message: "A description has at most \(DefinitionLimits.description) characters; "
                    + "this one has \(text.count).")
        ]
    }

    /// A length of time, when there is one.
    static func seconds(_ value: Double?, path: String) -> [DefinitionError.Problem] {
        guard let value, !(value > 0 && value <= DefinitionLimits.seconds) else { return [] }
        return [
            .init(
                code: "limit.range", path: path,
                message: "A time limit is a number of seconds above 0 and at most \(text(DefinitionLimits.seconds)), "
                    + "not \(text(value)).")
        ]
    }

    /// A whole number, when there is one.
    static func count(_ value: Int?, path: String, _ range: ClosedRange<Int>) -> [DefinitionError.Problem] {
        guard let value, !range.contains(value) else { return [] }
        return [
            .init(
                code: "number.range", path: path,
                message: "This is a whole number from \(range.lowerBound) to \(range.upperBound), not \(value).")
        ]
    }

    static func text(_ number: Double) -> String {
        number.rounded() == number && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }
}
