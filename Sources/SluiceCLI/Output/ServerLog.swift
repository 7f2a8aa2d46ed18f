import Foundation
import Logging
import Sluice

/// What a server says of itself: lines for people on standard error, or JSON objects for programs.
struct ServerLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info
    private let isJSON: Bool

    init(isJSON: Bool) { self.isJSON = isJSON }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = Date()
        let fields = metadata.merging(event.metadata ?? [:]) { _, own in own }
        guard isJSON else {
            let kind = event.level >= .warning ? " \(event.level.rawValue):" : ""
            let more = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            return Output.error.line("\(Formats.instant(now))\(kind) \(DisplayText.safe("\(event.message)\(more)"))")
        }
        let line = Line(
            at: now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            level: event.level.rawValue, message: "\(event.message)", fields: fields.mapValues { "\($0)" })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(line) else { preconditionFailure("texts can be written as JSON") }
        Output.error.line(String(decoding: data, as: UTF8.self))
    }

    private struct Line: Encodable {
        var at: String
        var level: String
        var message: String
        var fields: [String: String]

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in fields { try container.encode(value, forKey: Key(stringValue: key)) }
            try container.encode(at, forKey: Key(stringValue: "at"))
            try container.encode(level, forKey: Key(stringValue: "level"))
            try container.encode(message, forKey: Key(stringValue: "message"))
        }
    }
}
