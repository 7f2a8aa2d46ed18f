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

/// The executor's side of one attempt's socket.
///
/// Reading blocks, and so happens on a thread of its own, where the listener's slowness is the script's: nothing piles
/// up in between.
final class Conversation: Sendable {
    private struct State {
        var socket: Int32?
        /// Whether the request is out: frames before it would confuse the other side.
        var isOpen = false
        /// A grace in milliseconds, asked for before the request was out.
        var pendingGrace: UInt32?
    }

    private let state: Mutex<State>
    private let socket: Int32

    /// - Parameter socket: taken over, and closed when the conversation ends.
    init(_ socket: Int32) {
        self.socket = socket
        state = Mutex(State(socket: socket))
    }

    /// Sends the request and listens until the attempt's last process is reaped. Call it once.
    ///
    /// When the task is cancelled the attempt is told to end, with `grace`; this still answers only when it has.
    func run<Listener: ConversationListener>(
        _ request: AttemptRequest, grace: Duration, _ listener: Listener
    ) async -> (end: ConversationEnd, listener: Listener) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread {
                    var listener = listener
                    let end = self.converse(request, &listener)
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
        let milliseconds =
            UInt32(clamping: grace.components.seconds * 1_000)
            &+ UInt32(clamping: grace.components.attoseconds / 1_000_000_000_000_000)
        state.withLock { state in
            if state.isOpen {
                Self.send(SLUICE_FRAME_TERMINATE, Frame.bytes(of: milliseconds), state.socket)
            } else {
                state.pendingGrace = min(milliseconds, state.pendingGrace ?? .max)
            }
        }
    }

    private func converse(_ request: AttemptRequest, _ listener: inout some ConversationListener) -> ConversationEnd {
        defer {
            state.withLock { state in
                close(socket)
                state.socket = nil
            }
        }
        let frames = request.frames
        // When this fails the other side has vanished, which reading will show.
        _ = sluice_link_write(socket, frames, frames.count)
        state.withLock { state in
            state.isOpen = true
            guard let grace = state.pendingGrace else { return }
            Self.send(SLUICE_FRAME_TERMINATE, Frame.bytes(of: grace), state.socket)
        }

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
                    if let reply = try listener.hear(event: payload) {
                        state.withLock { Self.send(SLUICE_FRAME_REPLY, reply, $0.socket) }
                    }
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

    /// Sends one small frame. A failure means that the other side is gone, which reading shows.
    private static func send(_ type: Int, _ payload: [UInt8], _ socket: Int32?) {
        guard let socket else { return }
        let frame = Frame.encoded(type, payload)
        _ = sluice_link_write(socket, frame, frame.count)
    }
}
