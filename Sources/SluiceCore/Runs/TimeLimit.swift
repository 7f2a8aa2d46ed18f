/// A limit of time that a task or a run can exceed.
public enum TimeLimit: String, Sendable, Hashable, Codable, CaseIterable {
    case queue, attempt, total
    /// Of the run as a whole.
    case run

    /// What became of somebody who exceeded it, in words.
    ///
    /// - Parameter seconds: the limit.
    public func message(_ seconds: Double) -> String {
        let limit = Self.words(seconds)
        switch self {
        case .queue: return "waited longer for a slot than its limit of \(limit)"
        case .attempt: return "ran longer than its limit of \(limit)"
        case .total: return "took longer, with all attempts, than its limit of \(limit)"
        case .run: return "the run took longer than its limit of \(limit)"
        }
    }

    /// The code of the failure that it leads to.
    public var code: String {
        switch self {
        case .queue: "task.queue-limit"
        case .attempt: "task.attempt-limit"
        case .total: "task.total-limit"
        case .run: "run.time-limit"
        }
    }

    /// `90 s`, `15 min`, `2 h`, `3 days`: in the largest unit that divides it.
    static func words(_ seconds: Double) -> String {
        for (unit, name) in [(86_400.0, "days"), (3_600, "h"), (60, "min")]
        where seconds >= 2 * unit && (seconds / unit).rounded() == seconds / unit {
            return "\(Int64(seconds / unit)) \(name)"
        }
        return "\(DefinitionRules.text(seconds)) s"
    }
}
