/// When a task runs, judged once every task before it has ended.
public enum RunCondition: String, Sendable, Hashable, Codable, CaseIterable {
    /// All of them succeeded. The default.
    case allSucceeded
    /// However they ended.
    case allDone
    /// At least one failed.
    case anyFailed
    /// At least one succeeded.
    case anySucceeded
    /// None failed and none was left out because of a failure; skipped ones are fine.
    case noneFailed

    /// Whether a failure before the task is something it was written for: it then waits for its turn where the job's
    /// ``FailurePolicy`` would give it up.
    public var toleratesFailure: Bool {
        switch self {
        case .allDone, .anyFailed, .anySucceeded: true
        case .allSucceeded, .noneFailed: false
        }
    }
}

/// What happens to the rest of a job when a task has failed for good.
public enum FailurePolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nothing more starts, but for the tasks that were written for failures and those behind them. The default.
    case stop
    /// Branches that do not depend on the failed task go on.
    case `continue`
}

/// How often and when a failed attempt is tried again.
public struct RetryPolicy: Sendable, Hashable, Codable {
    /// How many attempts may follow the first.
    public var count: Int
    /// Between the first failure and the second attempt, in seconds.
    public var delay: Double
    /// What the delay grows by from one failure to the next.
    public var factor: Double
    /// The longest delay, in seconds.
    public var cap: Double
    /// How far a delay is spread at random, as a fraction of it: 0.1 is 10 % up or down.
    public var jitter: Double
    /// Codes of failures that are not tried again, such as `sql.error`; one that ends in `.*` stands for all that begin so.
    public var except: [String]

    public init(
        count: Int, delay: Double = 30, factor: Double = 2, cap: Double = 3_600, jitter: Double = 0.1,
        except: [String] = []
    ) {
        self.count = count
        self.delay = delay
        self.factor = factor
        self.cap = cap
        self.jitter = jitter
        self.except = except
    }

    /// Whether a failure of that code is tried again at all.
    public func retries(_ code: String) -> Bool {
        !except.contains { rule in
            rule.hasSuffix(".*") ? code.hasPrefix(rule.dropLast()) : rule == code
        }
    }

    /// How long to wait before the next attempt, in seconds.
    ///
    /// - Parameters:
    ///   - failures: how many attempts have failed, from 1.
    ///   - chance: where in the spread the delay falls, from 0 to 1; 0.5 is no deviation.
    public func delay(after failures: Int, chance: Double) -> Double {
        var delay = delay
        for _ in 1..<max(1, failures) where delay < cap { delay *= factor }
        return min(delay, cap) * (1 + jitter * (2 * chance - 1))
    }
}

/// How long a task may take, in seconds each; nil for no limit.
public struct TaskLimits: Sendable, Hashable, Codable {
    /// Waiting for a slot.
    public var queue: Double?
    /// One attempt.
    public var attempt: Double?
    /// The whole task from when it first could run, with all attempts and the waits between them.
    public var total: Double?

    public init(queue: Double? = nil, attempt: Double? = nil, total: Double? = nil) {
        self.queue = queue
        self.attempt = attempt
        self.total = total
    }

    /// The stricter of the two, limit by limit.
    public func tightened(by other: TaskLimits) -> TaskLimits {
        TaskLimits(
            queue: [queue, other.queue].compactMap(\.self).min(),
            attempt: [attempt, other.attempt].compactMap(\.self).min(),
            total: [total, other.total].compactMap(\.self).min())
    }

    public var isEmpty: Bool { queue == nil && attempt == nil && total == nil }
}

/// Runs a task once for each element of a list.
///
/// In a script the element is the parameter `item`, its place from 0 the parameter `item_index`.
public struct ForEach: Sendable, Hashable, Codable {
    /// Where the list comes from: a parameter's name, an earlier task's name, or `task.column` for one field of its value.
    public var list: String
    /// How many elements may run at a time; nil for as many as there are slots.
    public var concurrency: Int?

    public init(list: String, concurrency: Int? = nil) {
        self.list = list
        self.concurrency = concurrency
    }

    /// The name under which a script finds its element.
    public static let itemParameter = "item"
    /// The name under which a script finds its element's place.
    public static let indexParameter = "item_index"
    /// How many elements a list may have.
    public static let limit = 5_000

    private enum CodingKeys: String, CodingKey {
        case list = "in"
        case concurrency
    }
}
