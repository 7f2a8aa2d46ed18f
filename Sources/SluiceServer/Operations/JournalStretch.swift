import Foundation
import NIOCore
import SluiceCore

/// A stretch of what an attempt said.
package struct JournalStretch: Sendable, Hashable {
    package var entries: [JournalEntry]
    /// Where to read on.
    package var position: Int

    package init(entries: [JournalEntry], position: Int) {
        self.entries = entries
        self.position = position
    }
}

/// On the wire the lines of a log are packed: a script prints millions of them, and one JSON object each would take
/// longer to write and read than everything else together.
///
/// One record an entry: for a line its stream, its instant as the bits of a number of seconds, the length of its text and
/// the text; for every other kind a mark that the next of ``others`` stands here.
extension JournalStretch: Codable {
    private enum Key: String, CodingKey { case position, packed, others }

    private static let streams: [LogLine.Stream] = [.output, .error, .engine]
    private static let other = UInt8.max

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        position = try container.decode(Int.self, forKey: .position)
        var others = try container.decode([JournalEntry].self, forKey: .others)[...]
        var packed = ByteBuffer(bytes: try container.decode(Data.self, forKey: .packed))
        entries = []
        while let mark = packed.readInteger(as: UInt8.self) {
            let entry = mark == Self.other ? others.popFirst() : Self.line(mark, from: &packed).map(JournalEntry.log)
            guard let entry else {
                throw DecodingError.dataCorruptedError(
                    forKey: .packed, in: container, debugDescription: "a journal that is cut short")
            }
            entries.append(entry)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var packed = ByteBuffer()
        var others: [JournalEntry] = []
        for entry in entries {
            guard case .log(let line) = entry, let mark = Self.streams.firstIndex(of: line.stream) else {
                packed.writeInteger(Self.other)
                others.append(entry)
                continue
            }
            packed.writeInteger(UInt8(mark))
            packed.writeInteger(line.at.timeIntervalSinceReferenceDate.bitPattern)
            packed.writeInteger(UInt32(line.text.utf8.count))
            packed.writeString(line.text)
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(position, forKey: .position)
        try container.encode(Data(packed.readableBytesView), forKey: .packed)
        try container.encode(others, forKey: .others)
    }

    private static func line(_ mark: UInt8, from packed: inout ByteBuffer) -> LogLine? {
        guard streams.indices.contains(Int(mark)), let instant = packed.readInteger(as: UInt64.self),
            let length = packed.readInteger(as: UInt32.self), let text = packed.readString(length: Int(length))
        else { return nil }
        return LogLine(
            at: Date(timeIntervalSinceReferenceDate: Double(bitPattern: instant)), stream: streams[Int(mark)],
            text: text)
    }
}
