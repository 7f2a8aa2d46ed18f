import Foundation
import SluiceCore

/// What every executor must do.
///
/// An executor's tests run each case of ``cases`` over scripts of their own:
///
/// ```swift
/// @Test(arguments: ExecutorConformance.cases)
/// func conforms(_ rule: ExecutorConformance.Case) async throws {
///     try await rule.run { ExecutorConformance.Subject(executor: …, connection: …, succeeds: "…", fails: "…", …) }
/// }
/// ```
public enum ExecutorConformance {
    /// An executor, and scripts of its kind that end as their labels say.
    public struct Subject: Sendable {
        public var executor: any TaskExecutor
        public var connection: Connection
        /// Succeeds and has at least one effect or line of output.
        public var succeeds: String
        /// Fails by its own fault.
        public var fails: String
        /// Runs for at least a minute after it has begun.
        public var lasts: String
        /// Can never run; nil for a kind in which every text is a script.
        public var malformed: String?

        public init(
            executor: any TaskExecutor, connection: Connection, succeeds: String, fails: String, lasts: String,
            malformed: String?
        ) {
            self.executor = executor
            self.connection = connection
            self.succeeds = succeeds
            self.fails = fails
            self.lasts = lasts
            self.malformed = malformed
        }
    }

    /// One rule, in words, and its examination.
    public struct Case: Sendable, CustomStringConvertible {
        /// The rule: `a cancelled attempt ends with CancellationError`.
        public let rule: String
        let examine: @Sendable (Subject) async throws -> Void

        init(_ rule: String, _ examine: @escaping @Sendable (Subject) async throws -> Void) {
            self.rule = rule
            self.examine = examine
        }

        public var description: String { rule }

        /// Holds an executor against the rule, and shuts it down.
        ///
        /// - Throws: ``ConformanceFailure`` when it breaks the rule; whatever the executor throws.
        public func run(_ make: @Sendable () async throws -> Subject) async throws {
            let subject = try await make()
            do {
                try await examine(subject)
            } catch {
                await subject.executor.shutdown()
                throw error
            }
            await subject.executor.shutdown()
        }
    }

    /// Every rule.
    public static let cases: [Case] = [
        Case("its extensions are lower case, without a dot, and at least one") { subject in
            let endings = subject.executor.fileExtensions
            try require(!endings.isEmpty, "an executor names the file extensions of its scripts")
            for ending in endings {
                try require(
                    !ending.isEmpty && !ending.contains(".") && ending == ending.lowercased(),
                    "'\(ending)' is no file extension in lower case without a dot")
            }
        },
        Case("planning twice gives the same plan, with ranges in order and inside the script") { subject in
            let request = planRequest(subject, subject.succeeds)
            let plan = try await subject.executor.plan(request)
            try require(try await subject.executor.plan(request), is: plan, "the second plan")
            var end = 0
            for step in plan.steps {
                try require(
                    end <= step.start && step.start < step.end && step.end <= request.content.count,
                    "step \(step) overlaps another or lies outside the script")
                end = step.end
            }
        },
        Case("a plan keeps the defaults that the script does not override") { subject in
            var request = planRequest(subject, subject.succeeds)
            request.defaults = SessionDefaults(database: "sales", schema: "raw", pool: "etl")
            let plan = try await subject.executor.plan(request)
            try require(plan.target, is: request.defaults, "the target")
        },
        Case("a script that can never run is refused at planning as bad input") { subject in
            guard let malformed = subject.malformed else { return }
            do {
                _ = try await subject.executor.plan(planRequest(subject, malformed))
            } catch let error as any SluiceError {
                try require(error.category, is: .badInput, "the category of '\(error.message)'")
                try require(!error.code.isEmpty && !error.message.isEmpty, "the refusal has no code or no message")
                return
            }
            throw ConformanceFailure("a malformed script was planned")
        },
        Case("a script succeeds, having begun before it said anything but preparations") { subject in
            let context = StandInContext(connection: subject.connection)
            let outcome = try await execute(subject, subject.succeeds, in: context)
            guard case .succeeded = outcome else { throw ConformanceFailure("the outcome is \(outcome)") }
            let calls = context.calls
            let begun = try present(calls.firstIndex(of: .begun), "begin()")
            try require(calls.count { $0 == .begun }, is: 1, "calls of begin()")
            for call in calls[..<begun] where !call.isPreparation {
                throw ConformanceFailure("\(call) came before begin()")
            }
        },
        Case("every step that started has ended, in order") { subject in
            let context = StandInContext(connection: subject.connection)
            _ = try await execute(subject, subject.succeeds, in: context)
            var open: Int?
            var last = -1
            for case .said(let entry) in context.calls {
                switch entry {
                case .stepStarted(let start):
                    try require(open == nil, "step \(start.index) started before \(open ?? 0) had ended")
                    try require(start.index > last, "step \(start.index) came after \(last)")
                    (open, last) = (start.index, start.index)
                case .stepEnded(let end):
                    try require(open, is: end.index, "the step that ended")
                    open = nil
                case .log, .preview, .progress, .artifact: break
                }
            }
            try require(open == nil, "step \(open ?? 0) has no end")
        },
        Case("a failure is an outcome with a code and a message") { subject in
            let context = StandInContext(connection: subject.connection)
            let outcome = try await execute(subject, subject.fails, in: context)
            guard case .failed(let failure) = outcome else { throw ConformanceFailure("the outcome is \(outcome)") }
            try require(!failure.code.isEmpty && !failure.message.isEmpty, "the failure has no code or no message")
        },
        Case("an attempt whose lease is gone starts nothing") { subject in
            let context = StandInContext(connection: subject.connection, losesLease: true)
            do {
                _ = try await execute(subject, subject.succeeds, in: context)
            } catch is LeaseLost {
                try require(context.calls.allSatisfy(\.isPreparation), "something was started: \(context.calls)")
                return
            }
            throw ConformanceFailure("the lost lease went unnoticed")
        },
        Case("a cancelled attempt ends with CancellationError") { subject in
            try await examineCancellation(of: subject)
        },
        Case("an attempt that is cancelled before it starts ends with CancellationError or at once") { subject in
            let context = StandInContext(connection: subject.connection)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    do {
                        _ = try await execute(subject, subject.lasts, in: context)
                    } catch is CancellationError {
                        return
                    }
                    throw ConformanceFailure("the attempt ran in spite of its cancellation")
                }
                try await group.waitForAll()
            }
        },
        Case("after a failure and a cancellation it still works") { subject in
            _ = try await execute(subject, subject.fails, in: StandInContext(connection: subject.connection))
            try await examineCancellation(of: subject)
            let context = StandInContext(connection: subject.connection)
            let outcome = try await execute(subject, subject.succeeds, in: context)
            guard case .succeeded = outcome else { throw ConformanceFailure("the outcome is \(outcome)") }
        },
        Case("twelve attempts at a time do not disturb each other") { subject in
            try await withThrowingTaskGroup(of: (Int, TaskOutcome).self) { group in
                for number in 0..<12 {
                    let text = number.isMultiple(of: 2) ? subject.fails : subject.lasts
                    group.addTask {
                        let context = StandInContext(connection: subject.connection)
                        if number.isMultiple(of: 2) {
                            return (number, try await execute(subject, text, in: context))
                        }
                        try await examineCancellation(of: subject)
                        return (number, .succeeded(value: nil))
                    }
                }
                for try await (number, outcome) in group where number.isMultiple(of: 2) {
                    guard case .failed = outcome else { throw ConformanceFailure("attempt \(number): \(outcome)") }
                }
            }
        },
    ]

    private static func examineCancellation(of subject: Subject) async throws {
        let context = StandInContext(connection: subject.connection)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    let outcome = try await execute(subject, subject.lasts, in: context)
                    throw ConformanceFailure("the attempt ended by itself: \(outcome)")
                } catch is CancellationError {}
            }
            group.addTask { await context.waitForBegin() }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private static func version(_ text: String, of subject: Subject) -> ScriptVersion {
        let content = Data(text.utf8)
        let ending = subject.executor.fileExtensions.first ?? "txt"
        return ScriptVersion(
            name: "script.\(ending)", kind: subject.executor.kind, hash: ContentHash(of: content), size: content.count)
    }

    private static func planRequest(_ subject: Subject, _ text: String) -> PlanRequest {
        PlanRequest(
            script: version(text, of: subject), content: Data(text.utf8), connection: subject.connection.info,
            defaults: SessionDefaults())
    }

    private static func execute(
        _ subject: Subject, _ text: String, in context: StandInContext
    ) async throws -> TaskOutcome {
        let script = version(text, of: subject)
        return try await subject.executor.execute(
            TaskAttempt(
                id: AttemptID(task: TaskRunID(run: RunID(1), index: 0), number: 1), job: "conformance", task: "task",
                script: script, content: Data(text.utf8), snapshot: CatalogueSnapshot([]).id,
                target: SessionDefaults(), connection: subject.connection.info,
                nominalTime: Date(timeIntervalSince1970: 0)),
            in: context)
    }
}

extension StandInContext.Call {
    /// Whether an executor may say it before it has begun.
    fileprivate var isPreparation: Bool {
        switch self {
        case .said(.progress): true
        case .said(.log(let line)): line.stream == .engine
        case .begun, .said, .result, .entered: false
        }
    }
}
