import Foundation

/// An executor whose scripts have steps, and can go on at one of them after a failed attempt.
///
/// The rule is the executor's, because it alone reads its scripts; the engine asks before it dispatches anything.
public protocol ResumableExecutor: TaskExecutor {
    /// Says where a new attempt goes on and what that means, without side effects.
    ///
    /// - Throws: a ``SluiceError`` when the script cannot go on there: ``ResumeError``, or what ``TaskExecutor/plan(_:)`` throws
    ///   for a script that can never run.
    func resumePlan(_ request: ResumeRequest) async throws -> ResumePlan
}

/// A wish to go on after a failed attempt.
public struct ResumeRequest: Sendable, Hashable, Codable {
    /// The script's bytes as the failed attempt ran them.
    public var pinned: Data
    /// The script's bytes as the new attempt will run them; equal to ``pinned`` unless somebody has mended the script.
    public var content: Data
    /// The connection that both act on, without its secret.
    public var connection: ConnectionInfo
    /// The step at which the failed attempt began: 0, or where it resumed an earlier one.
    public var firstStep: Int
    /// What the failed attempt recorded, in any order.
    public var steps: [RecordedStep]
    /// The step to go on at, from 0; nil for the first one that did not complete.
    public var step: Int?
    /// What to do about a step of which nobody knows whether it took effect.
    public var unknownStep: UnknownStepChoice?

    public init(
        pinned: Data, content: Data, connection: ConnectionInfo, firstStep: Int = 0, steps: [RecordedStep],
        step: Int? = nil, unknownStep: UnknownStepChoice? = nil
    ) {
        self.pinned = pinned
        self.content = content
        self.connection = connection
        self.firstStep = firstStep
        self.steps = steps
        self.step = step
        self.unknownStep = unknownStep
    }
}

/// A step that was recorded as started.
public struct RecordedStep: Sendable, Hashable, Codable {
    /// From 0.
    public var index: Int
    /// False when the record ends before the step does: whether it took effect is unknown.
    public var ended: Bool
    /// Whether it ended with an error.
    public var failed: Bool

    public init(index: Int, ended: Bool, failed: Bool = false) {
        self.index = index
        self.ended = ended
        self.failed = failed
    }
}

/// What a person decides about a step whose effect is unknown.
public enum UnknownStepChoice: String, Sendable, Hashable, Codable, CaseIterable {
    /// It took effect: go on behind it.
    case skip
    /// It did not: send it again.
    case `repeat`
}

/// How an attempt goes on.
public struct ResumePlan: Sendable, Hashable, Codable {
    /// The step to go on at, for ``ResumePoint``; the number of steps when none is left.
    public var step: Int
    /// Where that step stands in the new script; nil when none is left.
    public var range: StepRange?
    /// The steps before it that are not sent again.
    public var skipped: [Int]
    /// The steps before it that are sent again, because what they set belongs to the session.
    public var replayed: [Int]
    /// Steps from it on that had completed or may have taken effect, and are sent a second time.
    public var repeated: [Int]

    public init(
        step: Int, range: StepRange? = nil, skipped: [Int] = [], replayed: [Int] = [], repeated: [Int] = []
    ) {
        self.step = step
        self.range = range
        self.skipped = skipped
        self.replayed = replayed
        self.repeated = repeated
    }
}

/// Why a script cannot go on at a step.
public struct ResumeError: SluiceError, Hashable {
    /// `resume.changed`, `resume.in-transaction`, `resume.temporary-objects`, `resume.session-state`, `resume.not-reached`,
    /// `resume.no-such-step`; `resume.unknown-step` when ``ResumeRequest/unknownStep`` would decide.
    public var code: String
    public var message: String
    /// The step that is in the way, from 0.
    public var step: Int?
    /// Its line in the new script (for `resume.changed` of a step that is gone, in the pinned one), from 1.
    public var line: Int?
    /// Its column, from 1.
    public var column: Int?

    public init(code: String, _ message: String, step: Int? = nil, line: Int? = nil, column: Int? = nil) {
        self.code = code
        self.message = message
        self.step = step
        self.line = line
        self.column = column
    }

    public var category: ErrorCategory { .conflict }
}
