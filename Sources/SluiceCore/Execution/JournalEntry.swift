import Foundation

/// One thing that an attempt said, in the order it said it.
public enum JournalEntry: Sendable, Hashable, Codable {
    case log(LogLine)
    case stepStarted(StepStart)
    case stepEnded(StepEnd)
    case preview(StepPreview)
    case progress(Progress)
    case artifact(Artifact)
}

/// Kinds of journal entries, for readers who want only some: a script of 10,000 statements leaves 20,000 entries, of which
/// most readers need a few.
public struct JournalKinds: OptionSet, Sendable, Hashable, Codable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let logs = JournalKinds(rawValue: 1 << 0)
    public static let stepStarts = JournalKinds(rawValue: 1 << 1)
    public static let stepEnds = JournalKinds(rawValue: 1 << 2)
    public static let previews = JournalKinds(rawValue: 1 << 3)
    public static let progress = JournalKinds(rawValue: 1 << 4)
    public static let artifacts = JournalKinds(rawValue: 1 << 5)

    public static let all: JournalKinds = [.logs, .stepStarts, .stepEnds, .previews, .progress, .artifacts]
}

extension JournalEntry {
    /// Its kind, as a set of one.
    public var kind: JournalKinds {
        switch self {
        case .log: .logs
        case .stepStarted: .stepStarts
        case .stepEnded: .stepEnds
        case .preview: .previews
        case .progress: .progress
        case .artifact: .artifacts
        }
    }
}

/// A line of output, decoded lossily from UTF-8, without its line break.
public struct LogLine: Sendable, Hashable, Codable {
    public enum Stream: String, Sendable, Hashable, Codable {
        /// The script's standard output.
        case output
        /// The script's standard error.
        case error
        /// The engine or the executor speaking about the attempt.
        case engine
    }

    public var at: Date
    public var stream: Stream
    public var text: String

    public init(at: Date, stream: Stream, text: String) {
        self.at = at
        self.stream = stream
        self.text = text
    }
}

/// A step that is about to be sent.
public struct StepStart: Sendable, Hashable, Codable {
    /// From 0, in the order of the plan's steps.
    public var index: Int
    public var at: Date
    public var range: StepRange
    /// Its text, secrets taken out, cut at ``textLimit``.
    public var text: String

    /// Longest text that is kept, in bytes of UTF-8.
    public static let textLimit = 16 * 1_024

    public init(index: Int, at: Date, range: StepRange, text: String) {
        self.index = index
        self.at = at
        self.range = range
        self.text = text
    }
}

/// How a step ended.
public struct StepEnd: Sendable, Hashable, Codable {
    public var index: Int
    /// In seconds.
    public var duration: Double
    /// Rows answered; nil when the statement is none that answers rows.
    public var rowsReturned: Int?
    /// Rows inserted, updated or deleted; nil when the statement is none that changes rows.
    public var rowsChanged: Int?
    public var failure: TaskFailure?

    public init(
        index: Int, duration: Double, rowsReturned: Int? = nil, rowsChanged: Int? = nil, failure: TaskFailure? = nil
    ) {
        self.index = index
        self.duration = duration
        self.rowsReturned = rowsReturned
        self.rowsChanged = rowsChanged
        self.failure = failure
    }
}

/// The first rows that a step answered. Data, and so not for everybody who may read the log.
public struct StepPreview: Sendable, Hashable, Codable {
    public var index: Int
    public var columns: [String]
    /// At most ``rowLimit``.
    public var rows: [[JSONValue]]

    /// How many rows are kept.
    public static let rowLimit = 100

    public init(index: Int, columns: [String], rows: [[JSONValue]]) {
        self.index = index
        self.columns = columns
        self.rows = rows
    }
}

/// How far an attempt is.
public struct Progress: Sendable, Hashable, Codable {
    public var at: Date
    /// From 0 to 1; nil when unknown.
    public var fraction: Double?
    public var text: String

    public init(at: Date, fraction: Double?, text: String) {
        self.at = at
        self.fraction = fraction
        self.text = text
    }
}

/// A file kept with the run.
public struct Artifact: Sendable, Hashable, Codable {
    public var name: String
    /// Where it lies.
    public var path: String
    /// In bytes.
    public var size: Int

    public init(name: String, path: String, size: Int) {
        self.name = name
        self.path = path
        self.size = size
    }
}
