import Foundation
import SluiceCore

/// Where and whether a SQL script goes on after a failed attempt: behind statements that ran and are still the same, outside
/// transactions, with a session that can be made what it was, and never over a statement of unknown effect by itself. Pure.
enum SQLResume {
    /// Decides for one request.
    ///
    /// - Throws: ``ResumeError``; ``SQLError`` when one of the scripts cannot be read.
    static func plan(_ request: ResumeRequest) throws -> ResumePlan {
        let dialect = request.connection.dialect
        let pinned = try SQLScript(parsing: request.pinned, dialect: dialect)
        let script = try SQLScript(parsing: request.content, dialect: dialect)
        try script.refuseUnsendable()
        let record = try Record(request, of: pinned)
        let step = try record.step(wanted: request.step, request.unknownStep)
        try requireUnchanged(to: step, pinned, script)
        try requireResumable(at: step, of: script)
        let replayed = SQLSessionState(after: step, of: script).replayed
        return ResumePlan(
            step: step, range: step < script.statements.count ? script.statements[step].range : nil,
            skipped: (0..<step).filter { !replayed.contains($0) }, replayed: replayed,
            repeated: record.repeated(from: step))
    }

    /// The statements before `step` must be those that ran, byte for byte; what lies between them does not count.
    private static func requireUnchanged(
        to step: Int, _ pinned: SQLScript, _ script: SQLScript
    ) throws(ResumeError) {
        for index in 0..<step {
            let old = pinned.statements[index]
            guard index < script.statements.count else {
                throw ResumeError(
                    code: "resume.changed",
                    "Statement \(index + 1) of the script that ran, at its line \(old.line), is gone, and so the script cannot "
                        + "go on at number \(step + 1). Run it from its beginning.", step: index, line: old.line,
                    column: old.column)
            }
            let new = script.statements[index]
            guard pinned.bytes[old.start..<old.end] == script.bytes[new.start..<new.end] else {
                throw ResumeError(
                    code: "resume.changed",
                    "Statement \(index + 1), at line \(new.line), is not what ran at line \(old.line) then, and so the script "
                        + "cannot go on at number \(step + 1). Change only what comes behind, or run it from its beginning.",
                    step: index, line: new.line, column: new.column)
            }
        }
    }

    /// Refuses what a new session cannot be given.
    ///
    /// - Throws: ``ResumeError`` `resume.in-transaction`, `resume.temporary-objects`, `resume.session-state`,
    ///   `resume.no-such-step`.
    static func requireResumable(at step: Int, of script: SQLScript) throws(ResumeError) {
        guard step >= 0, step <= script.statements.count else { throw noSuchStep(step, of: script) }
        let state = SQLSessionState(after: step, of: script)
        func refusal(_ code: String, _ statement: Int, _ message: String) -> ResumeError {
            let statement = (number: statement, place: script.statements[statement])
            return ResumeError(
                code: code, message, step: statement.number, line: statement.place.line, column: statement.place.column)
        }
        if let opener = state.opener {
            // COMMIT AND CHAIN stands inside the transaction before.
            let advice =
                SQLSessionState(after: opener, of: script).opener == nil
                ? "Go on at statement \(opener + 1), which opens it." : "Run what is left as a script of its own."
            throw refusal(
                "resume.in-transaction", opener,
                "Statement \(step + 1) stands inside the transaction that line \(script.statements[opener].line) opens, "
                    + "which was rolled back. \(advice)")
        }
        if let (what, index) = state.leftover {
            let line = script.statements[index].line
            switch what {
            case .temporaryObject:
                throw refusal(
                    "resume.temporary-objects", index,
                    "Line \(line) makes a temporary object, which is gone. Run the script from its beginning, or at the latest "
                        + "from statement \(index + 1) on.")
            case .other(let name):
                throw refusal(
                    "resume.session-state", index,
                    "What \(name) in line \(line) has left in the session is gone. Run the script from its beginning, or at the "
                        + "latest from statement \(index + 1) on.")
            }
        }
        if step > 0, let (index, function) = SQLSessionState.asksForPast(from: step, of: script) {
            throw refusal(
                "resume.session-state", index,
                "Line \(script.statements[index].line) asks for \(function)() of statements that ran in the session before. Go on "
                    + "at an earlier statement, or run the script from its beginning.")
        }
    }

    static func noSuchStep(_ step: Int, of script: SQLScript) -> ResumeError {
        ResumeError(
            code: "resume.no-such-step",
            "The script has \(script.statements.count) statements, and so cannot go on at number \(step + 1).",
            step: nil)
    }
}

extension SQLResume {
    /// What the failed attempt did, as far as it was recorded.
    private struct Record {
        private let script: SQLScript
        /// The first step that did not complete.
        private let reached: Int
        /// Steps that completed, in this attempt.
        private let completed: Set<Int>
        /// Whether nobody knows how ``reached`` ended.
        private let isUnknown: Bool
        /// Where the transaction opened that was open when ``reached`` was sent.
        private let opener: Int?

        init(_ request: ResumeRequest, of script: SQLScript) throws(ResumeError) {
            self.script = script
            let count = script.statements.count
            if let step = request.steps.map(\.index).first(where: { $0 < 0 || $0 >= count }) {
                throw SQLResume.noSuchStep(step, of: script)
            }
            guard 0...count ~= request.firstStep else { throw SQLResume.noSuchStep(request.firstStep, of: script) }
            completed = Set(request.steps.filter { $0.ended && !$0.failed }.map(\.index))
            var reached = request.firstStep
            while completed.contains(reached) { reached += 1 }
            self.reached = reached
            isUnknown = request.steps.contains { $0.index == reached && !$0.ended }
            opener = SQLSessionState(after: reached, of: script).opener
        }

        /// Whether the unknown step was surely undone: it ran inside a transaction, and did not end it.
        private var isUndone: Bool {
            guard let opener else { return false }
            return SQLSessionState(after: reached + 1, of: script).opener == opener
        }

        /// The step to go on at.
        func step(wanted: Int?, _ choice: UnknownStepChoice?) throws(ResumeError) -> Int {
            guard let wanted else {
                guard isUnknown else { return reached }
                // Inside a transaction the refusal that follows says more than a question would.
                if isUndone { return reached }
                switch choice {
                case .skip: return reached + 1
                case .repeat: return reached
                case nil: throw unknown()
                }
            }
            guard wanted >= 0, wanted <= script.statements.count else { throw SQLResume.noSuchStep(wanted, of: script) }
            if wanted <= reached {
                // Going on at the unknown step or before it sends it again.
                if isUnknown, !isUndone, choice != .repeat { throw unknown() }
                return wanted
            }
            if isUnknown, wanted == reached + 1, !isUndone {
                guard choice == .skip else { throw unknown() }
                return wanted
            }
            let place = script.statements[reached]
            throw ResumeError(
                code: "resume.not-reached",
                "Statement \(reached + 1), at line \(place.line), did not complete, and so the script goes on there at the "
                    + "latest, not at number \(wanted + 1).", step: reached, line: place.line, column: place.column)
        }

        /// The steps from `step` on that may have taken effect already.
        func repeated(from step: Int) -> [Int] {
            // What a transaction did that was rolled back is not done twice.
            let last = opener ?? reached
            var steps = completed.filter { $0 >= step && $0 < last }.sorted()
            if isUnknown, !isUndone, step <= reached {
                if let opener { steps += (max(opener, step)..<reached) }
                steps.append(reached)
            }
            return steps
        }

        private func unknown() -> ResumeError {
            let place = script.statements[reached]
            return ResumeError(
                code: "resume.unknown-step",
                "Statement \(reached + 1), at line \(place.line), was sent, and nobody knows whether it took effect. Look, and "
                    + "choose: skip it if it did, repeat it if it did not.", step: reached, line: place.line,
                column: place.column)
        }
    }
}
