import CPythonLink
import Foundation
import SluiceCore
import Synchronization

/// A worker: a process with one CPython for one environment, from which attempts are forked.
///
/// It is asked for attempts ahead of time, so that one always waits, its processes forked, for whoever needs it next.
/// A worker lives until ``close()`` or until it dies; both end everything below it.
final class WorkerProcess: Sendable {
    /// An attempt whose processes wait for their request. Whoever takes one closes its sockets, and gives it back by
    /// ``finished(_:)``.
    struct Offer: Sendable {
        var number: UInt64
        var attempt: Int32
        var request: Int32

        func close() {
            Glibc.close(attempt)
            Glibc.close(request)
        }
    }

    /// What became of an attempt that ended without a word.
    struct Loss: Sendable {
        /// Whether anything of it was ever started.
        var wasStarted: Bool
        /// What happened, as the end of a sentence.
        var reason: String
    }

    private struct State {
        /// The control socket; nil once the process is known to be gone.
        var control: Int32?
        var isClosing = false
        var nextNumber: UInt64 = 1
        /// Asked for, and neither offered nor lost.
        var wanted = 0
        /// Offered and not taken.
        var offers: [Offer] = []
        /// Those who wait for an offer.
        var takers: [CheckedContinuation<Offer, any Error>] = []
        /// Taken and not given back, by number.
        var taken: Set<UInt64> = []
        /// Why CPython did not start, in its own words.
        var refusal: String?
        /// How the process ended; nil while it runs.
        var ending: String?
        /// What became of taken attempts whose supervisor vanished, until somebody asks.
        var lost: [UInt64: Loss] = [:]
        var waitingForLoss: [UInt64: CheckedContinuation<Loss, Never>] = [:]
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []

        /// The error of somebody who comes too late.
        var gone: PythonError {
            if let refusal {
                return PythonError(
                    code: "python.interpreter", "CPython cannot be started: \(refusal).", category: .fault)
            }
            return PythonError(
                code: "python.worker",
                "The Python worker has ended" + (ending.map { ": \($0)" } ?? "") + ". Run the task again.",
                category: .fault)
        }

        /// Asks for as many attempts as are waited for, and one more.
        mutating func want() {
            guard let control, !isClosing else { return }
            while wanted + offers.count < takers.count + 1 {
                var message = sluice_control(
                    operation: UInt32(SLUICE_CONTROL_WANT), value: 0, number: nextNumber)
                // When this fails the worker is gone, which the listening thread is about to notice.
                guard sluice_link_send(control, &message, MemoryLayout<sluice_control>.size, -1, -1) == 0 else {
                    return
                }
                nextNumber += 1
                wanted += 1
            }
        }
    }

    private let state: Mutex<State>
    private let process: pid_t

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - worker: the worker's executable.
    ///   - arguments: the interpreter that it is to be, such as `VENV/bin/python3`, and what scripts see.
    ///   - environment: the variables that it and its scripts start with.
    /// - Throws: ``PythonError`` `python.worker`.
    init(worker: URL, arguments: [String], environment: [String: String]) throws {
        let ends = try Self.pair(keepingMessages: true)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([worker.path] + arguments).map { strdup($0) } + [nil]
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
                    + "It is the product 'sluice-python' and belongs beside the program that starts it, or where SLUICE_PYTHON_WORKER says.",
                category: .fault)
        }
        self.process = process
        let control = ends.ours
        state = Mutex(State(control: control))
        state.withLock { $0.want() }
        let thread = Thread { self.listen(on: control) }
        thread.name = "sluice-python"
        thread.stackSize = 256 * 1_024
        thread.start()
    }

    /// A pair of sockets, close-on-exec.
    private static func pair(keepingMessages: Bool) throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        let error = sluice_link_pair(keepingMessages, &ends)
        guard error == 0 else {
            throw PythonError(
                code: "python.worker", "No socket can be opened: \(String(cString: strerror(error))).",
                category: .fault)
        }
        return (ends[0], ends[1])
    }

    // MARK: - Attempts

    /// Takes an attempt whose processes wait for their request.
    ///
    /// - Throws: ``PythonError`` `python.worker`, `python.interpreter`.
    func take() async throws -> Offer {
        let waiting: Offer? = state.withLock { state in
            guard !state.offers.isEmpty else { return nil }
            let offer = state.offers.removeFirst()
            state.taken.insert(offer.number)
            state.want()
            return offer
        }
        if let waiting { return waiting }
        return try await withCheckedThrowingContinuation { continuation in
            let error: PythonError? = state.withLock { state in
                guard state.control != nil, !state.isClosing else { return state.gone }
                state.takers.append(continuation)
                state.want()
                return nil
            }
            if let error { continuation.resume(throwing: error) }
        }
    }

    /// Takes note that an attempt has been told to end: should its supervisor not see to that, the worker will.
    func expectEnd(of offer: Offer, graceMilliseconds: UInt32) {
        state.withLock { state in
            guard let control = state.control else { return }
            var message = sluice_control(
                operation: UInt32(SLUICE_CONTROL_END), value: graceMilliseconds, number: offer.number)
            // When this fails the worker is gone, and nothing of the attempt outlives it.
            _ = sluice_link_send(control, &message, MemoryLayout<sluice_control>.size, -1, -1)
        }
    }

    /// Takes note that an attempt is over.
    func finished(_ offer: Offer) {
        state.withLock { state in
            state.taken.remove(offer.number)
            state.lost[offer.number] = nil
        }
    }

    /// What became of an attempt that ended without a word; answers once nothing of it lives any more.
    func loss(of offer: Offer) async -> Loss {
        await withCheckedContinuation { continuation in
            let known: Loss? = state.withLock { state in
                if let loss = state.lost[offer.number] { return loss }
                if let ending = state.ending { return Loss(wasStarted: true, reason: ending) }
                state.waitingForLoss[offer.number] = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Starts an inspector.
    ///
    /// - Returns: the socket to it.
    func openInspector() throws -> Int32 {
        let ends = try Self.pair(keepingMessages: false)
        defer { Glibc.close(ends.theirs) }
        let error: PythonError? = state.withLock { state in
            guard let control = state.control, !state.isClosing else { return state.gone }
            var message = sluice_control(operation: UInt32(SLUICE_CONTROL_INSPECT), value: 0, number: 0)
            let size = MemoryLayout<sluice_control>.size
            return sluice_link_send(control, &message, size, ends.theirs, -1) == 0 ? nil : state.gone
        }
        if let error {
            Glibc.close(ends.ours)
            throw error
        }
        return ends.ours
    }

    // MARK: - Life

    /// Whether it can take no more work.
    var isEnded: Bool { state.withLock { $0.control == nil || $0.isClosing } }

    /// Whether the process is reaped.
    var isReaped: Bool { state.withLock { $0.ending != nil } }

    /// Whether nobody has or waits for an attempt.
    var isIdle: Bool { state.withLock { $0.taken.isEmpty && $0.takers.isEmpty } }

    /// The error of a worker whose CPython did not start, once it has ended; else nil.
    var refusal: PythonError? { state.withLock { $0.refusal == nil ? nil : $0.gone } }

    /// Lets the worker end everything below it, and itself. Safe to call twice.
    func close() {
        state.withLock { state in
            guard let control = state.control, !state.isClosing else { return }
            state.isClosing = true
            shutdown(control, Int32(SHUT_RDWR))
            // One that somebody has stopped would not notice, and be waited for for ever.
            kill(process, SIGCONT)
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

    /// The thread that hears what the worker says, and reaps it in the end.
    private func listen(on control: Int32) {
        let size = MemoryLayout<sluice_control>.size
        let capacity = size + SLUICE_CONTROL_TEXT
        var message = [UInt8](repeating: 0, count: capacity)
        var descriptors: [Int32] = [-1, -1]
        while true {
            let count = sluice_link_receive(control, &message, capacity, &descriptors)
            guard count >= size else { break }
            let head = message.withUnsafeBytes { $0.loadUnaligned(as: sluice_control.self) }
            let text = String(decoding: message[size..<count], as: UTF8.self)
            switch Int(head.operation) {
            case SLUICE_CONTROL_OFFER:
                hear(Offer(number: head.number, attempt: descriptors[0], request: descriptors[1]))
            case SLUICE_CONTROL_FAILED:
                hearOfFailure(text)
            case SLUICE_CONTROL_LOST:
                hear(Loss(wasStarted: head.value != 0, reason: text), of: head.number)
            case SLUICE_CONTROL_REFUSED:
                state.withLock { $0.refusal = text }
            default:
                break
            }
        }
        // Nothing new can come; what was offered and not taken ends with its sockets.
        let unused = state.withLock { state in
            state.isClosing = true
            defer { state.offers = [] }
            return state.offers
        }
        for offer in unused { offer.close() }
        let status = sluice_link_wait(process)
        let left = state.withLock { state in
            Glibc.close(control)
            state.control = nil
            state.ending = state.refusal ?? "the Python worker ended with status \(status)"
            defer {
                state.takers = []
                state.waitingForLoss = [:]
                state.waitingForEnd = []
            }
            return state
        }
        for taker in left.takers { taker.resume(throwing: left.gone) }
        for waiter in left.waitingForLoss.values {
            waiter.resume(returning: Loss(wasStarted: true, reason: left.ending ?? ""))
        }
        for waiter in left.waitingForEnd { waiter.resume() }
    }

    private func hear(_ offer: Offer) {
        let (taker, isWanted) = state.withLock { state in
            state.wanted -= 1
            guard !state.isClosing else { return (nil as CheckedContinuation<Offer, any Error>?, false) }
            guard !state.takers.isEmpty else {
                state.offers.append(offer)
                return (nil, true)
            }
            state.taken.insert(offer.number)
            return (state.takers.removeFirst(), true)
        }
        if !isWanted { offer.close() }
        taker?.resume(returning: offer)
    }

    private func hear(_ loss: Loss, of number: UInt64) {
        var unused: Offer?
        let waiter = state.withLock { state in
            if let index = state.offers.firstIndex(where: { $0.number == number }) {
                unused = state.offers.remove(at: index)
            }
            let waiter = state.waitingForLoss.removeValue(forKey: number)
            if waiter == nil, state.taken.contains(number) { state.lost[number] = loss }
            return waiter
        }
        unused?.close()
        waiter?.resume(returning: loss)
    }

    private func hearOfFailure(_ reason: String) {
        let taker = state.withLock { state in
            state.wanted -= 1
            return state.takers.isEmpty ? nil : state.takers.removeFirst()
        }
        taker?.resume(
            throwing: PythonError(
                code: "python.worker", "The script cannot be started: \(reason). Run the task again.", category: .fault)
        )
    }
}
