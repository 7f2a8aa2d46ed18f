import Dispatch
import Foundation
import SluiceCore

/// One attempt at one script: its statements in order, each recorded before it is sent and after.
///
/// Everything between two waits runs on the session's own thread, without a suspension.
actor ScriptRun {
    private let attempt: TaskAttempt
    private let context: any TaskContext
    private let scripts: SplitScripts
    private let cancellation: SQLCancellation
    private let queue: SessionQueue
    private var session: (any SQLSession)?

    private var pool: String
    /// What the script's placeholders stand for.
    private var values = SQLValues.none
    /// The statement that opened the transaction now open.
    private var opener: Int?
    /// The last query's first row, and its statement.
    private var answer: (index: Int, result: SQLResult)?

    /// Why the run leaves its thread.
    private enum Pause {
        case ended(TaskOutcome)
        /// Wants a slot of this pool before the statement at this index.
        case pool(String, before: Int)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    init(
        _ attempt: TaskAttempt, in context: any TaskContext, scripts: SplitScripts, cancellation: SQLCancellation
    ) {
        self.attempt = attempt
        self.context = context
        self.scripts = scripts
        self.cancellation = cancellation
        queue = SessionQueue()
        pool = attempt.target.pool
    }

    func run(on connector: any SQLConnector, _ connection: Connection) async throws -> TaskOutcome {
        let script: SQLScript
        let leading: [SQLUse]
        do throws(SQLError) {
            script = try scripts.script(attempt.content, dialect: attempt.connection.dialect)
            try script.refuseUnsendable()
            leading = try script.leadingUses()
            values = try script.values(context.inputs, nominalTime: attempt.nominalTime)
        } catch {
            return .failed(TaskFailure(error, step: nil))
        }
        do throws(SQLError) {
            session = try connector.openSession(on: connection, in: attempt.target, cancellation: cancellation)
        } catch {
            if cancellation.isCancelled { throw CancellationError() }
            guard error.category != .fault else { throw error }
            // The script's own USE is to blame when there is one.
            let blamed = leading.lastIndex { $0.database != nil || $0.schema != nil }
            var failure = TaskFailure(error, step: blamed)
            failure.line = blamed.map { script.statements[$0].line }
            failure.column = blamed.map { script.statements[$0].column }
            return .failed(failure)
        }
        var index = 0
        if let resume = context.resumePoint {
            if let failure = try await skip(to: resume.step, of: script, leading: leading.count) {
                return .failed(failure)
            }
            index = resume.step
        }
        try await context.begin()
        while true {
            switch try advance(script, from: index, leading: leading.count) {
            case .ended(let outcome): return outcome
            case .pool(let next, let position):
                try await context.enter(pool: next)
                pool = next
                index = position
            }
        }
    }

    /// Rolls back what is open and closes the session.
    func close() {
        session?.close()
        session = nil
    }

    /// Says the USE statements and settings before `step` again; answers why that cannot be done.
    private func skip(to step: Int, of script: SQLScript, leading: Int) async throws -> TaskFailure? {
        do throws(ResumeError) {
            try SQLResume.requireResumable(at: step, of: script)
        } catch {
            return TaskFailure(
                code: error.code, message: error.message, step: error.step, line: error.line, column: error.column)
        }
        for index in SQLSessionState(after: step, of: script).replayed {
            let statement = script.statements[index]
            do throws(SQLError) {
                guard let use = try script.use(of: statement) else {
                    _ = try session?.run(index, of: script, with: values)
                    continue
                }
                try session?.use(use)
            } catch {
                if cancellation.isCancelled { throw CancellationError() }
                return TaskFailure(script.redacted(error, of: index), step: index, at: statement.position)
            }
            if let next = try script.use(of: statement)?.pool, index >= leading, next != pool {
                try await context.enter(pool: next)
                pool = next
            }
        }
        return nil
    }

    private func advance(_ script: SQLScript, from first: Int, leading: Int) throws -> Pause {
        guard let session else { throw CancellationError() }
        for index in first..<script.statements.count {
            let statement = script.statements[index]
            if cancellation.isCancelled { throw CancellationError() }
            if statement.verb == .use, index >= leading, let next = try script.use(of: statement)?.pool, next != pool {
                if session.transactionIsOpen {
                    return .ended(try refuse(index, of: script, Self.poolInTransaction(statement, opener, script)))
                }
                return .pool(next, before: index)
            }
            if let failure = try send(index, of: script, to: session) {
                return .ended(.failed(failure))
            }
        }
        if session.transactionIsOpen, let opener {
            let position = script.statements[opener].position
            return .ended(
                .failed(
                    TaskFailure(
                        code: "sql.transaction-open",
                        message:
                            "The transaction that line \(position.line) opens is still open at the script's end, and so "
                            + "was rolled back. End it with COMMIT.",
                        step: opener, line: position.line, column: position.column)))
        }
        return .ended(.succeeded(value: try value(of: script)))
    }

    /// Sends one statement; answers its failure.
    private func send(_ index: Int, of script: SQLScript, to session: any SQLSession) throws -> TaskFailure? {
        let statement = script.statements[index]
        try context.stepStarted(
            StepStart(
                index: index, at: Date(), range: statement.range,
                text: script.redactedText(of: statement, limit: StepStart.textLimit)))
        let started = DispatchTime.now().uptimeNanoseconds
        let result: SQLResult
        do throws(SQLError) {
            if let use = try script.use(of: statement) {
                try session.use(use)
                result = SQLResult()
            } else {
                result = script.redacted(try session.run(index, of: script, with: values), of: index)
            }
        } catch {
            let failure = TaskFailure(script.redacted(error, of: index), step: index, at: statement.position)
            try context.stepEnded(StepEnd(index: index, duration: Self.seconds(since: started), failure: failure))
            if cancellation.isCancelled { throw CancellationError() }
            return failure
        }
        let duration = Self.seconds(since: started)
        if !result.columns.isEmpty {
            try context.preview(StepPreview(index: index, columns: result.columns, rows: result.preview))
            if statement.verb == .query { answer = (index, result) }
        }
        try context.stepEnded(
            StepEnd(
                index: index, duration: duration, rowsReturned: result.rowsReturned,
                rowsChanged: result.rowsChanged))
        if !session.transactionIsOpen {
            opener = nil
        } else if opener == nil {
            opener = index
        }
        return nil
    }

    /// Records a step that is refused before it is sent.
    private func refuse(_ index: Int, of script: SQLScript, _ error: SQLError) throws -> TaskOutcome {
        let statement = script.statements[index]
        let failure = TaskFailure(error, step: index, at: statement.position)
        try context.stepStarted(
            StepStart(index: index, at: Date(), range: statement.range, text: script.redactedText(of: statement)))
        try context.stepEnded(StepEnd(index: index, duration: 0, failure: failure))
        return .failed(failure)
    }

    private static func poolInTransaction(_ statement: SQLStatement, _ opener: Int?, _ script: SQLScript) -> SQLError {
        let place = opener.map { " that line \(script.statements[$0].line) opens" } ?? ""
        return SQLError(
            code: "sql.use-in-transaction",
            "USE POOL may wait for a slot, and so cannot stand inside the transaction\(place). "
                + "COMMIT before it.", at: statement.position)
    }

    /// The first row of the last query as `{column: value}`.
    private func value(of script: SQLScript) throws -> JSONValue? {
        guard let (index, result) = answer else { return nil }
        var size = result.firstRowSize
        if let row = result.firstRow {
            let value = JSONValue.object(Dictionary(zip(result.columns, row)) { first, _ in first })
            let bytes = value.canonicalData.count
            if bytes <= DefinitionLimits.value { return value }
            size = bytes
        }
        guard let size else { return nil }
        try context.log(
            LogLine(
                at: Date(), stream: .engine,
                text: "The first row of the query at line \(script.statements[index].line) has \(size) bytes; "
                    + "a task's value has at most \(DefinitionLimits.value), so later tasks see none."))
        return nil
    }

    private static func seconds(since start: UInt64) -> Double {
        Double(DispatchTime.now().uptimeNanoseconds &- start) / 1e9
    }
}

extension TaskFailure {
    /// A SQL error as the attempt's failure; `position` stands in where the error knows none.
    init(_ error: SQLError, step: Int?, at position: SourcePosition? = nil) {
        let place = error.position ?? position
        self.init(
            code: error.code, message: error.message, step: step, line: place?.line, column: place?.column,
            detail: error.cause.map { "\($0)" })
    }
}
