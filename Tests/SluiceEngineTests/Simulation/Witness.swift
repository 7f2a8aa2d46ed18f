import SluiceCore

/// Counts what attempts do to the world, without asking the store.
///
/// `@unchecked` because nothing of a simulation is ever seen by a second thread.
final class Witness: @unchecked Sendable {
    /// Attempts that a worker was given.
    private var given: Set<AttemptID> = []
    /// Attempts that had an effect, by task, since the task was last reopened.
    private var effects: [TaskRunID: [AttemptID]] = [:]
    /// How attempts ended, as whoever ran them knows it.
    private(set) var endings: [AttemptID: AttemptEnding] = [:]
    /// The last attempts before a person had tasks run again, whatever was known of them: these are that person's business.
    private var excused: [TaskRunID: Int] = [:]
    private(set) var problems: [String] = []

    func give(_ attempt: AttemptID) {
        if !given.insert(attempt).inserted { problems.append("attempt \(attempt) was given to two workers") }
    }

    /// The attempt does what it is there for.
    func act(_ attempt: AttemptID, isIdempotent: Bool) {
        guard attempt.number > excused[attempt.task] ?? 0 else { return }
        for earlier in effects[attempt.task] ?? [] {
            if earlier == attempt {
                problems.append("attempt \(attempt) took effect twice")
            } else if !isIdempotent, endings[earlier]?.isConfirmedFailure != true {
                problems.append(
                    "attempt \(attempt) took effect after \(earlier) had, which ended \(endings[earlier].map { "\($0)" } ?? "unseen")"
                )
            }
        }
        effects[attempt.task, default: []].append(attempt)
    }

    func end(_ attempt: AttemptID, _ ending: AttemptEnding) { endings[attempt] = ending }

    /// Whether what the store records as a success was one.
    func hasSucceeded(_ attempt: AttemptID) -> Bool {
        guard case .outcome(.succeeded) = endings[attempt] else { return false }
        return effects[attempt.task]?.contains(attempt) == true
    }

    /// A person had the task run again after the attempt of that number.
    func reopen(_ task: TaskRunID, after attempt: Int) {
        effects[task] = nil
        excused[task] = attempt
    }
}

extension AttemptEnding {
    fileprivate var isConfirmedFailure: Bool {
        switch self {
        case .outcome(.failed), .terminated: true
        case .outcome(.succeeded), .lost: false
        }
    }
}
