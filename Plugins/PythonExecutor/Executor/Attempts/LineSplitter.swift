import Foundation

/// Cuts a stream of bytes into lines of text, whatever the bytes are.
struct LineSplitter {
    /// Longest piece, in bytes. A longer line comes in several pieces, cut between characters.
    static let longest = 64 * 1_024

    private var rest: [UInt8] = []

    /// Takes the next bytes and hands on every line that is whole.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ emit: (String) throws -> Void) rethrows {
        var start = 0
        while start < bytes.count, let base = bytes.baseAddress {
            guard let found = memchr(base + start, 0x0A, bytes.count - start) else { break }
            let end = UnsafeRawPointer(found) - base
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            start = end + 1
            if rest.isEmpty, piece.count <= Self.longest {
                try emit(Self.text(piece))
            } else {
                rest += piece
                try flush(emit)
            }
        }
        rest += bytes[start...]
        try emitLongPieces(emit)
    }

    /// Hands on what is left, when the stream ends without a line break.
    mutating func end(_ emit: (String) throws -> Void) rethrows {
        if !rest.isEmpty { try flush(emit) }
    }

    private mutating func flush(_ emit: (String) throws -> Void) rethrows {
        try emitLongPieces(emit)
        let text = rest.withUnsafeBytes(Self.text)
        rest.removeAll(keepingCapacity: rest.capacity <= 2 * Self.longest)
        try emit(text)
    }

    private mutating func emitLongPieces(_ emit: (String) throws -> Void) rethrows {
        guard rest.count > Self.longest else { return }
        var start = 0
        var pieces: [String] = []
        while rest.count - start > Self.longest {
            var end = start + Self.longest
            // Not in the middle of a character: these bytes continue one.
            while end > start + Self.longest - 4, rest[end] & 0xC0 == 0x80 { end -= 1 }
            pieces.append(String(decoding: rest[start..<end], as: UTF8.self))
            start = end
        }
        rest.removeFirst(start)
        for piece in pieces { try emit(piece) }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        let hasReturn = bytes.last == 0x0D
        return String(decoding: hasReturn ? UnsafeRawBufferPointer(rebasing: bytes.dropLast()) : bytes, as: UTF8.self)
    }
}
