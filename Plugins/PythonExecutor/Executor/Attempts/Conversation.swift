import CPythonLink
import Foundation
import SluiceCore
import Synchronization

/// Hears what an attempt's processes say.
protocol ConversationListener: Sendable {
    /// A line of output.
    mutating func hear(_ line: LogLine) throws

    /// An event of the script's side, its kind first.
    ///
    /// - Returns: the answer, when the event waits for one.
    mutating func hear(event: UnsafeRawBufferPointer) throws -> [UInt8]?
}

/// How a conversation came to its end.
struct ConversationEnd: Sendable {
    /// What the supervisor reported last; nil when it vanished without a word.
    var final: sluice_final?
    /// What the listener threw, which ended the attempt.
    var fault: (any Error)?
}

/// The executor's side of one attempt.
///
/// Reading blocks, and so happens on a thread of its own, where the listener's slowness is the script's: nothing piles
/// up in between.
final class Conversation: Sendable {
    /// The attempt's socket; nil once it is closed. Whoever writes holds the lock.
    private let writing: Mutex<Int32?>
    private let socket: Int32
    private let request: Int32
    private let offer: WorkerProcess.Offer
    private let worker: WorkerProcess

    /// - Parameters:
    ///   - offer: its sockets are taken over, and closed when the conversation ends.
    ///   - worker: whose offer it is.
    init(_ offer: WorkerProcess.Offer, of worker: WorkerProcess) {
        self.offer = offer
        self.worker = worker
        socket = offer.attempt
        request = offer.request
        writing = Mutex(offer.attempt)
    }

    /// Sends the request and listens until the attempt's last process is reaped. Call it once.
    ///
    /// When the task is cancelled the attempt is told to end, with `grace`; this still answers only when it has.
    ///
    /// - Parameters:
    ///   - folder: the attempt's working folder, which stays locked until its last process is reaped.
    ///   - held: another descriptor that stays open until then, this process dead or not.
    func run<Listener: ConversationListener>(
        _ request: AttemptRequest, in folder: WorkingFolder, grace: Duration, holding held: Int32 = -1,
        _ listener: Listener
    ) async -> (end: ConversationEnd, listener: Listener) {
        let opening = request.frames
        // When this fails the other side has vanished, which reading will show.
        _ = sluice_link_send(socket, opening, opening.count, folder.descriptor, held)
        // Mostly the request goes out in one piece, here and now; the rest of a large one is sent by the thread.
        let bytes = request.bytes
        let rest = bytes[sluice_link_send_some(self.request, bytes, bytes.count)...]
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread {
                    var listener = listener
                    let end = self.converse(Array(rest), &listener)
                    continuation.resume(returning: (end, listener))
                }
                thread.name = "sluice-attempt"
                thread.stackSize = 1_024 * 1_024
                thread.start()
            }
        } onCancel: {
            terminate(grace: grace)
        }
    }

    /// Tells the attempt to end; after `grace` all of it is killed. A later call can only shorten the grace.
    func terminate(grace: Duration) {
        send(SLUICE_FRAME_TERMINATE, Frame.bytes(of: grace.milliseconds))
        worker.expectEnd(of: offer, graceMilliseconds: grace.milliseconds)
    }

    private func converse(_ rest: [UInt8], _ listener: inout some ConversationListener) -> ConversationEnd {
        defer {
            writing.withLock { writing in
                close(socket)
                writing = nil
            }
        }
        if !rest.isEmpty { _ = sluice_link_write(request, rest, rest.count) }
        close(request)

        var end = ConversationEnd()
        var output = LineSplitter()
        var error = LineSplitter()
        var reader = FrameReader(socket)
        while let (header, payload) = reader.next() {
            let type = Int(header.type)
            let at = Date(timeIntervalSince1970: Double(header.time) / 1e9)
            if type == SLUICE_FRAME_FINAL, payload.count >= MemoryLayout<sluice_final>.size {
                end.final = payload.loadUnaligned(as: sluice_final.self)
                break
            }
            // Once the listener has failed, what is still said is nobody's.
            if end.fault != nil { continue }
            do {
                switch type {
                case SLUICE_FRAME_OUTPUT:
                    try output.feed(payload) { try listener.hear(LogLine(at: at, stream: .output, text: $0)) }
                case SLUICE_FRAME_ERROR:
                    try error.feed(payload) { try listener.hear(LogLine(at: at, stream: .error, text: $0)) }
                case SLUICE_FRAME_EVENT:
                    if let reply = try listener.hear(event: payload) { answer(reply) }
                default:
                    break
                }
            } catch let fault {
                end.fault = fault
                terminate(grace: .zero)
            }
        }
        if end.fault == nil {
            do {
                try output.end { try listener.hear(LogLine(at: Date(), stream: .output, text: $0)) }
                try error.end { try listener.hear(LogLine(at: Date(), stream: .error, text: $0)) }
            } catch let fault {
                end.fault = fault
            }
        }
        return end
    }

    /// Answers an event, unless that would take waiting: then the other side has not taken what it was told before.
    private func answer(_ reply: [UInt8]) {
        let frame = Frame.encoded(SLUICE_FRAME_REPLY, reply)
        writing.withLock { writing in
            guard let writing else { return }
            _ = sluice_link_send_some(writing, frame, frame.count)
        }
    }

    /// Sends one small frame. A failure means that the other side is gone, which reading shows.
    private func send(_ type: Int, _ payload: [UInt8]) {
        let frame = Frame.encoded(type, payload)
        writing.withLock { writing in
            guard let writing else { return }
            _ = sluice_link_write(writing, frame, frame.count)
        }
    }
}
