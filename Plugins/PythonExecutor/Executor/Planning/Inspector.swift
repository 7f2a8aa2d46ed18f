import CPythonLink
import Foundation
import SluiceCore
import Synchronization

/// Asks CPython about scripts, in a process that a hostile source may crash.
final class Inspector: Sendable {
    /// The socket to the process. Touched on ``queue`` alone, the lock satisfies the compiler.
    private let socket = Mutex<Int32?>(nil)
    private let queue = DispatchQueue(label: "sluice.python.inspector")
    /// What is known already, by the script's hash. A plan and its attempts ask for the same.
    private let known = Mutex<[ContentHash: Inspection]>([:])

    private static let mostKnown = 20_000

    /// Reads a script without running it.
    ///
    /// - Parameter worker: what to fork an inspector from, when there is none.
    /// - Throws: ``PythonError`` `python.syntax` when the script crashes the compiler twice; `python.worker`,
    ///   `python.interpreter`.
    func inspect(_ script: ScriptVersion, _ source: Data, from worker: WorkerProcess) async throws -> Inspection {
        if let inspection = known.withLock({ $0[script.hash] }) { return inspection }
        for _ in 1...2 {
            guard let answer = try await exchange(script.name, source, worker) else { continue }
            let inspection = try JSONDecoder().decode(Inspection.self, from: answer)
            known.withLock { known in
                if known.count >= Self.mostKnown { known.removeAll() }
                known[script.hash] = inspection
            }
            return inspection
        }
        if worker.isEnded {
            await worker.ended()
            throw worker.refusal
                ?? PythonError(code: "python.worker", "The Python worker has ended. Try again.", category: .fault)
        }
        throw PythonError(
            code: "python.syntax",
            "\(script.name): CPython cannot read this script: its compiler crashes on it, or takes more than "
                + "10 seconds or 2 GB.",
            category: .badInput)
    }

    /// Starts the process, so that the first inspection does not wait for it.
    func warmUp(from worker: WorkerProcess) async {
        let script = Array("pass\n".utf8)
        // Whatever is wrong will be said where it matters.
        _ = try? await exchange("warm-up.py", Data(script), worker)
    }

    /// Ends the process.
    func close() {
        queue.async { self.hangUp() }
    }

    /// - Returns: the answer, or nil when the process died over it.
    private func exchange(_ name: String, _ source: Data, _ worker: WorkerProcess) async throws -> Data? {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try self.exchangeNow(name, source, worker) })
            }
        }
    }

    private func exchangeNow(_ name: String, _ source: Data, _ worker: WorkerProcess) throws -> Data? {
        let socket: Int32
        if let open = self.socket.withLock({ $0 }) {
            socket = open
        } else {
            socket = try worker.openInspector()
            self.socket.withLock { $0 = socket }
        }
        let request =
            Frame.bytes(of: UInt32(name.utf8.count)) + Frame.bytes(of: UInt32(source.count)) + Array(name.utf8) + source
        var length: UInt32 = 0
        guard sluice_link_write(socket, request, request.count) == 0,
            sluice_link_read(socket, &length, MemoryLayout<UInt32>.size) == 0
        else {
            hangUp()
            return nil
        }
        var answer = [UInt8](repeating: 0, count: Int(length))
        guard sluice_link_read(socket, &answer, answer.count) == 0 else {
            hangUp()
            return nil
        }
        return Data(answer)
    }

    private func hangUp() {
        if let open = socket.withLock({ $0.take() }) { Glibc.close(open) }
    }
}
