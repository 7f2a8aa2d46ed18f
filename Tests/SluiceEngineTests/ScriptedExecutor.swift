import Foundation
import SluiceCore
import Synchronization

/// An executor whose scripts say what it shall do, one word a line:
///
/// `say TEXT`, `value JSON`, `fail TEXT`, `throw`, `pool NAME` at its head for the plan, `enter NAME`, `stay` until it
/// is cancelled, `meet N` until N attempts are here, `refuse` at planning.
final class ScriptedExecutor: TaskExecutor {
    let kind = ScriptKind("scripted")
    let fileExtensions = ["scripted"]
    let shutdowns = Mutex(0)
    private let meeting = Meeting()
    private let started = Mutex<[String]>([])

    /// The tasks that were executed, in the order they began.
    var order: [String] { started.withLock { $0 } }

    /// Returns once `count` attempts stand at `meet` or `stay`.
    func waitForArrivals(_ count: Int) async { await meeting.waitForArrivals(count) }

    /// Counts as one more attempt that is here.
    func arrive() async {
        // Nothing to wait for, and so nothing that could be cancelled.
        do { try await meeting.arrive(until: 0) } catch {}
    }

    struct Fault: SluiceError {
        var code: String { "scripted.fault" }
        var message: String { "the machine is on fire" }
        var category: ErrorCategory { .fault }
    }

    func plan(_ request: PlanRequest) async throws -> TaskPlan {
        var plan = TaskPlan(target: request.defaults)
        for (word, rest) in Self.commands(request.content) {
            if word == "pool" { plan.target.pool = rest }
            if word == "enter" { plan.laterPools.append(rest) }
            if word == "refuse" { throw DefinitionError(code: "scripted.refused", "This script can never run.") }
        }
        return plan
    }

    func execute(_ attempt: TaskAttempt, in context: any TaskContext) async throws -> TaskOutcome {
        try await context.begin()
        started.withLock { $0.append(attempt.task) }
        var value: JSONValue?
        for (word, rest) in Self.commands(attempt.content) {
            switch word {
            case "say": try context.log(LogLine(at: Date(timeIntervalSince1970: 0), stream: .output, text: rest))
            case "value": value = try JSONValue(parsing: Data(rest.utf8))
            case "result": try context.result(try JSONValue(parsing: Data(rest.utf8)))
            case "inputs": value = .object(context.inputs.upstream.merging(context.inputs.parameters) { up, _ in up })
            case "fail": return .failed(TaskFailure(code: "scripted.failed", message: rest))
            case "throw": throw Fault()
            case "enter": try await context.enter(pool: rest)
            case "meet": try await meeting.arrive(until: Int(rest) ?? 1)
            case "stay": try await meeting.arrive(until: .max)
            default: break
            }
        }
        return .succeeded(value: value)
    }

    func shutdown() async { shutdowns.withLock { $0 += 1 } }

    private static func commands(_ content: Data) -> [(String, String)] {
        String(decoding: content, as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return (String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : "")
        }
    }
}

/// A place where attempts wait for each other, so that no test has to sleep.
actor Meeting {
    private var arrived = 0
    private var waiting: [(count: Int, id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var nextID = 0

    func arrive(until count: Int) async throws {
        arrived += 1
        try await wait(for: count)
    }

    func waitForArrivals(_ count: Int) async {
        // Only a cancelled test makes this throw, and then nobody waits for the answer.
        do { try await wait(for: count) } catch {}
    }

    private func wait(for count: Int) async throws {
        release()
        if arrived >= count { return }
        nextID += 1
        let id = nextID
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting.append((count, id, continuation))
                }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
    }

    private func release() {
        for waiter in waiting where waiter.count <= arrived { waiter.continuation.resume() }
        waiting.removeAll { $0.count <= arrived }
    }

    private func cancel(_ id: Int) {
        for waiter in waiting where waiter.id == id { waiter.continuation.resume(throwing: CancellationError()) }
        waiting.removeAll { $0.id == id }
    }
}
