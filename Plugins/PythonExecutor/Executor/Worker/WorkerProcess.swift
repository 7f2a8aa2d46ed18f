import CPythonLink
import Foundation
import SluiceCore
import Synchronization

/// A worker: a process with one CPython for one environment, from which attempts are forked.
///
/// It lives until ``close()`` or until it dies; both end everything below it.
final class WorkerProcess: Sendable {
    private struct State {
        /// The control socket; nil once the process is known to be gone.
        var control: Int32?
        var isClosing = false
        var nextNumber: UInt64 = 1
        /// Attempts that were opened and not yet given back.
        var attempts = 0
        /// Why CPython did not start, in its own words.
        var refusal: String?
        /// How the process ended; nil while it runs.
        var ending: String?
        /// What became of attempts whose supervisor vanished, until somebody asks.
        var lost: [UInt64: String] = [:]
        var waitingForLoss: [UInt64: CheckedContinuation<String, Never>] = [:]
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    /// An open attempt: its number, and this side of its socket.
    struct Opened {
        var number: UInt64
        var socket: Int32
    }

    private let state: Mutex<State>
    private let process: pid_t

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - worker: the worker's executable.
    ///   - interpreter: the interpreter that it is to be, such as `VENV/bin/python3`.
    ///   - environment: the variables that it and its scripts start with.
    /// - Throws: ``PythonError`` `python.worker`.
    init(worker: URL, interpreter: String, environment: [String: String]) throws {
        let ends = try Self.pair(keepingMessages: true)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(worker.path), strdup(interpreter), nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var process: pid_t = 0
        let error = sluice_link_spawn(worker.path, &arguments, &variables, ends.theirs, &process)
        Glibc.close(ends.theirs)
        guard error == 0 else {
            Glibc.close(ends.ours)
            throw PythonError(
                code: "python.worker",
                "The Python worker \(worker.path) cannot be started: \(String(cString: strerror(error))). "
                    + "It is the product 'sluice-python' and belongs beside the program that starts it.",
                category: .fault)
        }
        self.process = process
        state = Mutex(State(control: ends.ours))
        let control = ends.ours
        let thread = Thread { self.listen(on: control) }
        thread.name = "sluice-python"
        thread.stackSize = 256 * 1_024
        thread.start()
    }

    /// A pair of sockets, close-on-exec.
    static func pair(keepingMessages: Bool) throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        let error = sluice_link_pair(keepingMessages, &ends)
        guard error == 0 else {
            throw PythonError(
                code: "python.worker", "No socket can be opened: \(String(cString: strerror(error))).",
                category: .fault)
        }
        return (ends[0], ends[1])
    }

    /// Whether it can take no more work.
    var isEnded: Bool { state.withLock { $0.control == nil || $0.isClosing } }

    /// Whether the process is reaped.
    var isReaped: Bool { state.withLock { $0.ending != nil } }

    /// Whether no attempt is open.
    var isIdle: Bool { state.withLock { $0.attempts == 0 } }

    /// Opens an attempt. To be given back by ``finished(_:)``.
    ///
    /// - Parameter held: a descriptor that stays open until the attempt's last process is reaped, this one dead or not.
    func openAttempt(holding held: Int32? = nil) throws -> Opened {
        let ends = try Self.pair(keepingMessages: false)
        defer { Glibc.close(ends.theirs) }
        do {
            return try state.withLock { state in
                let number = state.nextNumber
                try Self.send(
                    SLUICE_CONTROL_ATTEMPT, number, [ends.theirs] + (held.map { [$0] } ?? []), state)
                state.nextNumber += 1
                state.attempts += 1
                return Opened(number: number, socket: ends.ours)
            }
        } catch {
            Glibc.close(ends.ours)
            throw error
        }
    }

    /// Takes note that an attempt is over.
    func finished(_ number: UInt64) {
        state.withLock { state in
            state.attempts -= 1
            state.lost[number] = nil
        }
    }

    /// Starts an inspector.
    ///
    /// - Returns: the socket to it.
    func openInspector() throws -> Int32 {
        let ends = try Self.pair(keepingMessages: false)
        defer { Glibc.close(ends.theirs) }
        do {
            try state.withLock { try Self.send(SLUICE_CONTROL_INSPECT, 0, [ends.theirs], $0) }
        } catch {
            Glibc.close(ends.ours)
            throw error
        }
        return ends.ours
    }

    /// What became of an attempt that ended without a word; answers once nothing of it lives any more.
    func loss(of number: UInt64) async -> String {
        await withCheckedContinuation { continuation in
            let known: String? = state.withLock { state in
                if let text = state.lost[number] ?? state.ending { return text }
                state.waitingForLoss[number] = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// The error of a worker whose CPython did not start, once it has ended; else nil.
    var refusal: PythonError? {
        guard let refusal = state.withLock({ $0.refusal }) else { return nil }
        return PythonError(code: "python.interpreter", "CPython cannot be started: \(refusal).", category: .fault)
    }

    /// Lets the worker end everything below it, and itself. Safe to call twice.
    func close() {
        state.withLock { state in
            guard let control = state.control, !state.isClosing else { return }
            state.isClosing = true
            shutdown(control, Int32(SHUT_RDWR))
        }
    }

    /// Answers once the process is reaped.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.ending == nil else { return true }
                state.waitingForEnd.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private static func send(
        _ operation: Int, _ number: UInt64, _ descriptors: [Int32], _ state: borrowing State
    ) throws {
        var message = sluice_control(operation: UInt32(operation), reserved: 0, number: number)
        var error = EPIPE
        if let control = state.control, !state.isClosing {
            error = sluice_link_send(control, &message, descriptors, descriptors.count)
        }
        guard error == 0 else {
            throw PythonError(
                code: "python.worker",
                "The Python worker has ended" + (state.ending.map { ": \($0)" } ?? "") + ". Run the task again.",
                category: .fault)
        }
    }

    /// The thread that hears what the worker says, and reaps it in the end.
    private func listen(on control: Int32) {
        let capacity = MemoryLayout<sluice_control>.size + SLUICE_CONTROL_TEXT
        var message = [UInt8](repeating: 0, count: capacity)
        while true {
            let count = recv(control, &message, capacity, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= MemoryLayout<sluice_control>.size else { break }
            let head = message.withUnsafeBytes { $0.loadUnaligned(as: sluice_control.self) }
            let text = String(decoding: message[MemoryLayout<sluice_control>.size..<count], as: UTF8.self)
            hear(Int(head.operation), head.number, text)
        }
        let status = sluice_link_wait(process)
        let (lossWaiters, endWaiters, ending) = state.withLock { state in
            Glibc.close(control)
            state.control = nil
            let ending = state.refusal ?? "the Python worker ended with status \(status)"
            state.ending = ending
            defer {
                state.waitingForLoss = [:]
                state.waitingForEnd = []
            }
            return (state.waitingForLoss, state.waitingForEnd, ending)
        }
        for waiter in lossWaiters.values { waiter.resume(returning: ending) }
        for waiter in endWaiters { waiter.resume() }
    }

    private func hear(_ operation: Int, _ number: UInt64, _ text: String) {
        switch operation {
        case SLUICE_CONTROL_REFUSED:
            state.withLock { $0.refusal = text }
        case SLUICE_CONTROL_LOST:
            let waiter = state.withLock { state in
                let waiter = state.waitingForLoss.removeValue(forKey: number)
                if waiter == nil { state.lost[number] = text }
                return waiter
            }
            waiter?.resume(returning: text)
        default:
            break
        }
    }
}
