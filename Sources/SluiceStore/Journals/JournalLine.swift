import Foundation
import SluiceCore

/// How a journal's entries are written, a line each:
///
/// ```
/// {"log":"output","at":1768307200125000,"text":"336776 rows"}
/// {"step":0,"at":1768307200125000,"range":[0,8,1,1],"text":"select 1"}
/// {"end":0,"ns":12500,"returned":1,"changed":0,"failure":{…}}
/// {"preview":{…}}
/// ```
///
/// Instants are microseconds since 1970-01-01 UTC, durations nanoseconds. No line holds a NUL byte or a line break.
enum JournalLine {
    static func encode(_ entry: JournalEntry, into bytes: inout JournalBytes) throws {
        switch entry {
        case .log(let line):
            switch line.stream {
            case .output: bytes.append("{\"log\":\"output\",\"at\":")
            case .error: bytes.append("{\"log\":\"error\",\"at\":")
            case .engine: bytes.append("{\"log\":\"engine\",\"at\":")
            }
            bytes.append(microseconds(line.at))
            bytes.append(",\"text\":")
            bytes.append(quoted: line.text)
        case .stepStarted(let step):
            bytes.append("{\"step\":")
            bytes.append(step.index)
            bytes.append(",\"at\":")
            bytes.append(microseconds(step.at))
            bytes.append(",\"range\":[")
            bytes.append(step.range.start)
            bytes.append(",")
            bytes.append(step.range.end)
            bytes.append(",")
            bytes.append(step.range.line)
            bytes.append(",")
            bytes.append(step.range.column)
            bytes.append("],\"text\":")
            bytes.append(quoted: step.text)
        case .stepEnded(let step):
            bytes.append("{\"end\":")
            bytes.append(step.index)
            bytes.append(",\"ns\":")
            bytes.append(whole(step.duration * 1e9))
            if let returned = step.rowsReturned {
                bytes.append(",\"returned\":")
                bytes.append(returned)
            }
            if let changed = step.rowsChanged {
                bytes.append(",\"changed\":")
                bytes.append(changed)
            }
            if let failure = step.failure {
                bytes.append(",\"failure\":")
                bytes.append(try JSONEncoder().encode(failure))
            }
        case .preview(let preview):
            bytes.append("{\"preview\":")
            bytes.append(try JSONEncoder().encode(preview))
        case .progress(let progress):
            bytes.append("{\"progress\":")
            bytes.append(try JSONEncoder().encode(progress))
        case .artifact(let artifact):
            bytes.append("{\"artifact\":")
            bytes.append(try JSONEncoder().encode(artifact))
        }
        bytes.append("}\n")
    }

    /// The entry of one line, without its line break; nil when the line is not as this type writes it.
    static func decode(_ line: UnsafeBufferPointer<UInt8>) -> JournalEntry? {
        var reader = JournalReader(line)
        guard let entry = entry(&reader), reader.take("}"), reader.isAtEnd else { return nil }
        return entry
    }

    /// What kind of entry a line holds, read from its first bytes alone; nil when it begins like none.
    static func kind(of line: UnsafeBufferPointer<UInt8>) -> JournalKinds? {
        var reader = JournalReader(line)
        if reader.take("{\"end\":") { return .stepEnds }
        if reader.take("{\"step\":") { return .stepStarts }
        if reader.take("{\"log\":") { return .logs }
        if reader.take("{\"preview\":") { return .previews }
        if reader.take("{\"progress\":") { return .progress }
        if reader.take("{\"artifact\":") { return .artifacts }
        return nil
    }

    private static func entry(_ reader: inout JournalReader) -> JournalEntry? {
        if reader.take("{\"log\":") {
            guard let stream = reader.string().flatMap(LogLine.Stream.init), reader.take(",\"at\":"),
                let at = reader.integer(), reader.take(",\"text\":"), let text = reader.string()
            else { return nil }
            return .log(LogLine(at: date(at), stream: stream, text: text))
        }
        if reader.take("{\"step\":") { return stepStart(&reader).map(JournalEntry.stepStarted) }
        if reader.take("{\"end\":") { return stepEnd(&reader).map(JournalEntry.stepEnded) }
        if reader.take("{\"preview\":") { return reader.rest(StepPreview.self).map(JournalEntry.preview) }
        if reader.take("{\"progress\":") { return reader.rest(Progress.self).map(JournalEntry.progress) }
        if reader.take("{\"artifact\":") { return reader.rest(Artifact.self).map(JournalEntry.artifact) }
        return nil
    }

    private static func stepStart(_ reader: inout JournalReader) -> StepStart? {
        guard let index = reader.integer(), reader.take(",\"at\":"), let at = reader.integer(),
            reader.take(",\"range\":["), let start = reader.integer(), reader.take(","), let end = reader.integer(),
            reader.take(","), let line = reader.integer(), reader.take(","), let column = reader.integer(),
            reader.take("],\"text\":"), let text = reader.string()
        else { return nil }
        return StepStart(
            index: Int(index), at: date(at),
            range: StepRange(start: Int(start), end: Int(end), line: Int(line), column: Int(column)), text: text)
    }

    private static func stepEnd(_ reader: inout JournalReader) -> StepEnd? {
        guard let index = reader.integer(), reader.take(",\"ns\":"), let duration = reader.integer() else { return nil }
        var step = StepEnd(index: Int(index), duration: Double(duration) / 1e9)
        if reader.take(",\"returned\":") {
            guard let rows = reader.integer() else { return nil }
            step.rowsReturned = Int(rows)
        }
        if reader.take(",\"changed\":") {
            guard let rows = reader.integer() else { return nil }
            step.rowsChanged = Int(rows)
        }
        if reader.take(",\"failure\":") {
            guard let failure = reader.rest(TaskFailure.self) else { return nil }
            step.failure = failure
        }
        return step
    }

    /// Between Foundation's first instant and that of 1970, in microseconds.
    private static let epoch: Int64 = 978_307_200_000_000

    private static func microseconds(_ date: Date) -> Int64 {
        whole(date.timeIntervalSinceReferenceDate * 1e6).addingReportingOverflow(epoch).partialValue
    }

    private static func date(_ microseconds: Int64) -> Date {
        Date(
            timeIntervalSinceReferenceDate: Double(microseconds.subtractingReportingOverflow(epoch).partialValue) / 1e6)
    }

    /// The nearest whole number; 0 for what is none.
    private static func whole(_ number: Double) -> Int64 {
        guard abs(number) < 9e18 else { return 0 }
        return Int64(number.rounded())
    }
}
