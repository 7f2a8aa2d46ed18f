import Foundation

/// An order to run a job. The schedule, the Play button, the API, the command line and a host app all say it this way.
public struct RunRequest: Sendable, Hashable {
    /// What to run.
    public enum Subject: Sendable, Hashable {
        /// A saved job, at its newest version.
        case job(JobID)
        /// A definition that is not saved.
        case definition(JobDefinition)
        /// What an earlier run ran, with its parameters and its nominal time, and the scripts as they are now.
        case run(RunID)
    }

    public var subject: Subject
    public var trigger: RunTrigger
    /// Who asks.
    public var initiator: String
    /// Over the job's defaults.
    public var parameters: [String: JSONValue]
    /// The instant the run stands for; nil means that of the submission.
    public var nominalTime: Date?
    /// The same key again gives the same run.
    public var idempotencyKey: String?

    public init(
        _ subject: Subject, trigger: RunTrigger = .manual, initiator: String, parameters: [String: JSONValue] = [:],
        nominalTime: Date? = nil, idempotencyKey: String? = nil
    ) {
        self.subject = subject
        self.trigger = trigger
        self.initiator = initiator
        self.parameters = parameters
        self.nominalTime = nominalTime
        self.idempotencyKey = idempotencyKey
    }
}
