import Foundation
import Sluice
import SluiceServer

/// Schedules and their occurrences for people.
extension ScheduleInfo {
    var zone: ScheduleZone? { schedule.trigger.schedule?.zone }

    var jobText: String { DisplayText.safe(jobName ?? "job \(schedule.job), which is gone") }

    /// The next time in its own zone.
    var nextText: String { next.flatMap { zone?.text($0) } ?? "" }

    var nextSentence: String { nextText.isEmpty ? "" : " Next: \(nextText)." }

    var stateText: String {
        switch schedule.state.pause {
        case let pause? where pause.reason == .failures: "paused after \(schedule.state.failures) failures"
        case let pause?: "paused" + (pause.by.map { " by \($0)" } ?? "")
        case nil: schedule.trigger.schedule != nil && next == nil ? "over" : "active"
        }
    }
}

extension OccurrenceInfo {
    func timeText(in zone: ScheduleZone?) -> String {
        let first = zone.map { $0.text(record.first) } ?? record.first.utcText
        guard record.count > 1 else { return first }
        let last = zone.map { $0.text(record.last) } ?? record.last.utcText
        return "\(first) to \(last), \(Formats.count(record.count)) times"
    }

    var outcomeText: String {
        switch record.outcome {
        case .started: status?.label ?? "started"
        case .waiting: "waits"
        case .skipped: "did not run"
        case .failed: "could not run"
        }
    }

    var reasonText: String {
        let words = record.reason.flatMap(OccurrenceReason.init).map(\.sentence) ?? record.reason ?? ""
        let backfill = record.backfill.map { "backfill \($0)" } ?? ""
        let detail = record.detail?.split(separator: "\n").first.map(String.init)
        return detail ?? (words.isEmpty ? backfill : words)
    }
}

extension PreviewedOccurrence {
    /// What the clocks do, when they do anything.
    var clocks: String {
        switch mark {
        case .regular: ""
        case .gapMoved: "skips \(intended ?? "it")"
        case .firstPass: "first of two"
        case .secondPass: "second of two"
        }
    }
}

extension ScheduleZone {
    /// The local time with its distance from UTC.
    func text(_ instant: Date) -> String { "\(local(instant)) \(self)" }
}

extension Date {
    /// `2026-03-07T07:30:00Z`
    var utcText: String { formatted(Date.ISO8601FormatStyle()) }
}
