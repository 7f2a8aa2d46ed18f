import CPythonLink
import Foundation

/// What a supervisor is asked to run, as the bytes of `wire.h`.
struct AttemptRequest: Sendable {
    /// The attempt's working folder, which the supervisor removes in the end.
    private let folder: String
    private let fields: [[UInt8]]
    private var limits: sluice_limits?

    /// A script that runs as `__main__`.
    ///
    /// - Parameters:
    ///   - name: its name in the catalogue.
    ///   - file: its path in the materialised snapshot that lies at `root`.
    ///   - context: what `sluice` tells it, as JSON.
    ///   - limits: what it is held to, if to anything.
    static func script(
        name: String, file: String, root: String, folder: String, context: Data, environment: [String: String],
        source: Data, limits: sluice_limits? = nil
    ) -> AttemptRequest {
        AttemptRequest(
            folder: folder,
            fields: [
                Array("script".utf8), Array(name.utf8), Array(file.utf8), Array(root.utf8), Array(folder.utf8),
                Array(context), entries(environment.map { "\($0.key)=\($0.value)" }), Array(source),
                limits.map(Frame.bytes) ?? [],
            ], limits: limits)
    }

    /// Another program, such as an installer.
    static func program(
        arguments: [String], environment: [String: String], folder: String
    ) -> AttemptRequest {
        AttemptRequest(
            folder: folder,
            fields: [
                Array("program".utf8), Array(folder.utf8), entries(arguments),
                entries(environment.map { "\($0.key)=\($0.value)" }),
            ])
    }

    /// Each text with a zero byte behind; one that holds such a byte itself would become two, and is left out.
    private static func entries(_ texts: [String]) -> [UInt8] {
        texts.filter { !$0.utf8.contains(0) }.flatMap { Array($0.utf8) + [0] }
    }

    /// What opens the attempt's socket.
    var frames: [UInt8] {
        (limits.map { Frame.encoded(SLUICE_FRAME_LIMITS, Frame.bytes(of: $0)) } ?? [])
            + Frame.encoded(SLUICE_FRAME_FOLDER, Array(folder.utf8))
    }

    /// What the script's process reads.
    var bytes: [UInt8] {
        let body = fields.flatMap { Frame.bytes(of: UInt32($0.count)) + $0 }
        return Frame.bytes(of: UInt32(body.count)) + body
    }
}

/// Frames on an attempt's socket.
enum Frame {
    static func bytes(of number: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

    static func encoded(_ type: Int, _ payload: some Collection<UInt8>) -> [UInt8] {
        let header = sluice_frame(length: UInt32(payload.count), type: UInt32(type), time: 0)
        return withUnsafeBytes(of: header) { Array($0) } + payload
    }
}

/// Reads frames from a socket through a buffer, because a chatty script sends many small ones.
struct FrameReader: ~Copyable {
    private let socket: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 2 * (SLUICE_FRAME_LIMIT + MemoryLayout<sluice_frame>.size), alignment: 16)
    private var start = 0
    private var end = 0

    init(_ socket: Int32) { self.socket = socket }

    deinit { buffer.deallocate() }

    /// The next frame; its payload is valid until the next call.
    ///
    /// - Returns: nil at the end of the stream, or when what comes is no frame.
    mutating func next() -> (header: sluice_frame, payload: UnsafeRawBufferPointer)? {
        let size = MemoryLayout<sluice_frame>.size
        guard fill(size) else { return nil }
        let header = buffer.loadUnaligned(fromByteOffset: start, as: sluice_frame.self)
        guard header.length <= UInt32(SLUICE_FRAME_LIMIT), fill(size + Int(header.length)) else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: buffer[(start + size)..<(start + size + Int(header.length))])
        start += size + Int(header.length)
        return (header, payload)
    }

    /// Makes sure that `count` bytes are there.
    private mutating func fill(_ count: Int) -> Bool {
        if end - start < count, buffer.count - start < count {
            buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start)
            end -= start
            start = 0
        }
        while end - start < count {
            let got = read(socket, buffer.baseAddress! + end, buffer.count - end)
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return false }
            end += got
        }
        return true
    }
}
