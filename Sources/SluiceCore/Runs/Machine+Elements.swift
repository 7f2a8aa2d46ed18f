import Foundation

extension Machine {
    /// The places of a for-each's elements, in their order.
    func elements(of index: Int) -> [Int] {
        guard state.tasks.count > state.baseCount else { return [] }
        return (state.baseCount..<state.tasks.count).filter { state.tasks[$0].id.index == index }
    }

    /// Begins a for-each: its elements come into being, those that an earlier begin has left are taken on.
    mutating func expand(_ index: Int, over loop: ForEach) {
        let items: [JSONValue]
        switch list(loop.list, for: index) {
        case .success(let found): items = found
        case .failure(let problem):
            state.tasks[index].failure = problem.failure
            conclude(index, as: .failed, reason: problem.failure.message)
            return concludeElements(of: index, as: .notRun, reason: problem.failure.message)
        }
        let existing = elements(of: index)
        guard !items.isEmpty || !existing.isEmpty else {
            state.tasks[index].value = []
            return conclude(index, as: .succeeded, reason: nil)
        }
        update(index, to: .running, reason: nil) { [now] in
            $0.readyAt = now
            $0.firstReadyAt = $0.firstReadyAt ?? now
            $0.startedAt = now
        }
        // One that a person terminated before the group began again stays so.
        for (place, item) in zip(existing, items) where state.tasks[place].state == .pending {
            update(place, to: .pending, reason: "waits for its turn") { $0.item = item }
        }
        for place in existing.dropFirst(items.count) where !state.tasks[place].state.isFailure {
            conclude(place, as: .skipped, reason: "the list has no such element any more")
        }
        for (element, item) in items.enumerated().dropFirst(existing.count) {
            var task = TaskRun(
                id: TaskRunID(run: state.run.id, index: index, element: element), name: state.tasks[index].name,
                pinned: state.tasks[index].pinned, reason: "waits for its turn")
            task.item = item
            state.tasks.append(task)
            update(state.tasks.count - 1, to: .pending, reason: task.reason) { _ in }
        }
        releaseElements(of: index, loop)
    }

    /// Ends the elements that an earlier begin has left, of a group that does not begin again.
    mutating func concludeElements(of index: Int, as ended: TaskState, reason: String?) {
        for place in elements(of: index) where state.tasks[place].state == .pending {
            conclude(place, as: ended, reason: reason)
        }
    }

    /// Lets as many elements queue as may run at a time.
    private mutating func releaseElements(of index: Int, _ loop: ForEach) {
        let places = elements(of: index)
        var free = loop.concurrency ?? .max
        free -= places.count { !state.tasks[$0].state.isEnded && state.tasks[$0].readyAt != nil }
        for place in places where free > 0 && state.tasks[place].state == .pending && state.tasks[place].readyAt == nil
        {
            makeReady(place)
            free -= 1
        }
    }

    /// Ends the groups whose elements have all ended, and lets the next elements of the others queue.
    mutating func closeGroups() {
        for index in 0..<state.baseCount where state.tasks[index].state == .running && state.tasks[index].lease == nil {
            let places = elements(of: index)
            let open = places.contains { !state.tasks[$0].state.isEnded }
            if open {
                if state.mayStart(index), let loop = state.definition(at: index)?.forEach {
                    releaseElements(of: index, loop)
                }
            } else {
                close(index, places.map { state.tasks[$0] })
            }
        }
    }

    private mutating func close(_ index: Int, _ elements: [TaskRun]) {
        if let worst = elements.first(where: { $0.state.isFailure }) {
            let count = elements.count { $0.state.isFailure }
            let message =
                "\(count) of \(elements.count) elements failed; the first, \(worst.id): \(worst.reason ?? worst.state.verb)"
            if worst.state == .failed {
                state.tasks[index].failure = TaskFailure(code: "task.elements-failed", message: message)
            }
            return conclude(index, as: worst.state, reason: message)
        }
        if let missing = elements.first(where: { $0.state == .notRun }) {
            return conclude(index, as: .notRun, reason: missing.reason)
        }
        let values = JSONValue.array(elements.filter { $0.state == .succeeded }.map { $0.value ?? .null })
        let size = values.canonicalData.count
        if size <= DefinitionLimits.value {
            state.tasks[index].value = values
            conclude(index, as: .succeeded, reason: nil)
        } else {
            conclude(
                index, as: .succeeded,
                reason:
                    "its elements' results have \(size) bytes, more than the \(DefinitionLimits.value) that are passed on"
            )
        }
    }

    private struct ListProblem: Error {
        var failure: TaskFailure
    }

    /// The list that a for-each runs over: a parameter's, or an earlier task's value or one field of it.
    private func list(_ name: String, for index: Int) -> Result<[JSONValue], ListProblem> {
        var found = state.tasks[index].pinned.parameters[name]
        if found == nil {
            for position in state.ancestors(of: index) {
                let task = state.tasks[position]
                if task.name == name { found = task.value }
                if name.hasPrefix(task.name + "."), case .object(let fields) = task.value {
                    found = fields[String(name.dropFirst(task.name.count + 1))] ?? found
                }
            }
        }
        // A query's column can only hold a list as text.
        if case .string(let text) = found {
            do { found = try JSONValue(parsing: Data(text.utf8)) } catch { found = .string(text) }
        }
        guard case .array(let items) = found else {
            let what = found.map { "is a \($0.kindName)" } ?? "has no value"
            return .failure(
                ListProblem(
                    failure: TaskFailure(
                        code: "task.not-a-list", message: "'\(name)', over which the task runs, \(what), not a list.")))
        }
        guard items.count <= ForEach.limit else {
            return .failure(
                ListProblem(
                    failure: TaskFailure(
                        code: "task.list-too-long",
                        message: "'\(name)' has \(items.count) elements; a task runs over at most \(ForEach.limit).")))
        }
        return .success(items)
    }
}
