import NIOCore

/// What comes in on a connection.
enum Frame: Sendable {
    case message(ByteBuffer)
    /// A frame of that many bytes was announced, more than is read. Nothing comes after it.
    case tooLong(Int)
}

/// Cuts what comes in into frames. It keeps no more than was really sent, whatever length is announced.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = Frame

    /// In bytes.
    let limit: Int
    private var isBroken = false

    init(limit: Int) { self.limit = limit }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
        guard !isBroken else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self).map(Int.init) else {
            return .needMoreData
        }
        guard length <= limit else {
            isBroken = true
            context.fireChannelRead(wrapInboundOut(.tooLong(length)))
            return .continue
        }
        guard buffer.readableBytes >= 4 + length else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let message = buffer.readSlice(length: length) else { return .needMoreData }
        context.fireChannelRead(wrapInboundOut(.message(message)))
        return .continue
    }

    /// Half a frame before the end is no message.
    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) -> DecodingState {
        let before = buffer.readableBytes
        let state = decode(context: context, buffer: &buffer)
        return buffer.readableBytes < before ? state : .needMoreData
    }
}
