import Sluice
import SluiceServer

/// A task run as a person writes it: `17.2`, `17/NAME`, each with `[3]` for an element of a for-each and `#1` for an attempt.
struct TaskRunArgument {
    let run: RunID
    /// A place from 1, or a name.
    let task: Substring
    private let isPlace: Bool
    private let attempt: Int?

    init(_ text: String) throws {
        var rest = Substring(text)
        var attempt: Int?
        if let hash = rest.lastIndex(of: "#"), let number = Int(rest[rest.index(after: hash)...]), number > 0 {
            attempt = number
            rest = rest[..<hash]
        }
        guard let separator = rest.firstIndex(where: { $0 == "." || $0 == "/" }),
            let run = Int64(rest[..<separator])
        else {
            throw UsageError(
                "task-run.syntax", "'\(text)' names no task run. Write 17.2 for the second task of run 17, or 17/NAME.")
        }
        self.run = RunID(run)
        self.attempt = attempt
        task = rest[rest.index(after: separator)...]
        isPlace = rest[separator] == "."
    }

    static func find(_ text: String, through client: any EngineClient) async throws -> TaskRun {
        let argument = try TaskRunArgument(text)
        let state = try await client.perform(FindRun(argument.run))
        let task = try find(argument.task, isPlace: argument.isPlace, in: state)
        return try argument.attempt.map { try earlier($0, of: task) } ?? task
    }

    /// The task run of a name, or of a place in the job's list, with `[3]` behind for an element.
    static func find(_ name: some StringProtocol, isPlace: Bool = false, in state: RunState) throws -> TaskRun {
        let name = String(name)
        func task(_ name: String) -> TaskRun? {
            let place = isPlace ? Int(name) : nil
            return state.tasks.first { task in
                task.id.element == nil && (place.map { task.id.index == $0 - 1 } ?? (task.name == name))
            }
        }
        if let found = task(name) { return found }
        if name.hasSuffix("]"), let bracket = name.lastIndex(of: "["),
            let element = Int(name[name.index(after: bracket)...].dropLast()),
            let group = task(String(name[..<bracket]))
        {
            let id = TaskRunID(run: state.run.id, index: group.id.index, element: element)
            if let place = state.position(of: id) { return state.tasks[place] }
            let count = state.tasks.count { $0.id.index == group.id.index && $0.id.element != nil }
            throw UsageError(
                "task-run.unknown",
                count == 0
                    ? "Task \(group.id) '\(group.name)' has no elements."
                    : "Task \(group.id) '\(group.name)' has no element \(element); it has "
                        + "\(Formats.count(count, "element")), from 0.")
        }
        throw UsageError(
            "task-run.unknown",
            "Run \(state.run.id) has no task '\(name)'. It has: "
                + state.tasks.filter { $0.id.element == nil }.map { "\($0.id) \($0.name)" }.joined(separator: ", ")
                + ".")
    }

    /// The task as it stood with one of its attempts.
    private static func earlier(_ attempt: Int, of task: TaskRun) throws -> TaskRun {
        guard attempt <= task.attempt else {
            throw UsageError("attempt.unknown", "Task \(task.id) has had \(task.attempt) attempts.")
        }
        var task = task
        task.attempt = attempt
        if let past = task.history.first(where: { $0.number == attempt }) {
            task.state = past.state
            task.reason = past.reason
            task.failure = past.failure
        }
        return task
    }
}
