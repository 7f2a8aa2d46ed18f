/// A run, numbered by its store from 1.
public struct RunID: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (lhs: RunID, rhs: RunID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A saved job or a draft, numbered by its store from 1.
public struct JobID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
}

/// A schedule or another trigger of a saved job, numbered by its store from 1.
public struct ScheduleID: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (lhs: ScheduleID, rhs: ScheduleID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One task of one run. Written `17.2`: the second task of run 17; `17.2[3]` for the fourth element of a for-each.
public struct TaskRunID: Hashable, Sendable, Codable, CustomStringConvertible {
    public var run: RunID
    /// The task's place in the job's list, from 0.
    public var index: Int
    /// The element of a for-each, from 0; nil for a task that runs once.
    public var element: Int?

    public init(run: RunID, index: Int, element: Int? = nil) {
        self.run = run
        self.index = index
        self.element = element
    }

    public var description: String { "\(run).\(index + 1)" + (element.map { "[\($0)]" } ?? "") }
}

/// One attempt at one task. Written `17.2#1`.
public struct AttemptID: Hashable, Sendable, Codable, CustomStringConvertible {
    public var task: TaskRunID
    /// From 1.
    public var number: Int

    public init(task: TaskRunID, number: Int) {
        self.task = task
        self.number = number
    }

    public var run: RunID { task.run }
    public var description: String { "\(task)#\(number)" }
}
