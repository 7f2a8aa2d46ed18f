import Foundation
import SluiceCore

/// Hears an installer: every line goes to the log and becomes the attempt's progress.
struct InstallerListener: ConversationListener {
    let context: any TaskContext
    let redaction: Redaction
    /// Whether the lines are shown; else only kept.
    var isShown = true
    /// The last lines.
    private(set) var lines: [String] = []

    private static let mostLines = 200

    init(context: any TaskContext, redaction: Redaction, isShown: Bool = true) {
        self.context = context
        self.redaction = redaction
        self.isShown = isShown
    }

    mutating func hear(_ line: LogLine) throws {
        let text = redaction(line.text)
        if lines.count >= 2 * Self.mostLines { lines.removeFirst(Self.mostLines) }
        lines.append(text)
        guard isShown, text.contains(where: { !$0.isWhitespace }) else { return }
        try context.log(LogLine(at: line.at, stream: .engine, text: text))
        try context.progress(nil, "building environment: \(text.drop { $0.isWhitespace })")
    }

    mutating func hear(event: UnsafeRawBufferPointer) throws -> [UInt8]? { nil }
}
