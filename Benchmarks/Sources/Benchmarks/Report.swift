import Foundation

/// The measurements as people read them: medians side by side, the target beside them, and no verdict.
struct Report {
    var measurements: [Measurement]
    var rounds: Int

    var text: String {
        var rows = [["", "sluice", "peer", "ratio", "to reach", ""]]
        for measurement in measurements {
            rows.append([
                measurement.name, Self.figure(measurement.median, measurement.unit),
                measurement.peerMedian.map { Self.figure($0, measurement.unit) } ?? "",
                measurement.ratio.map { Self.number($0, digits: 2) } ?? "", measurement.target,
                measurement.peer.map { "peer: \($0)" } ?? "",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return (1...3).contains(column) ? space + row[column] : row[column] + space
            }
            return cells.joined(separator: "   ").trimmingSuffix { $0 == " " }
        }
        return lines.joined(separator: "\n") + "\n\nMedians of \(rounds); sluice and peer took turns.\n"
    }

    private static func figure(_ value: Double, _ unit: Measurement.Unit) -> String {
        switch unit {
        case .megabytesPerSecond: "\(number(value, digits: 0)) MB/s"
        case .seconds where value < 0.1: "\(number(value * 1_000, digits: 1)) ms"
        case .seconds: "\(number(value, digits: 3)) s"
        }
    }

    private static func number(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }
}

extension String {
    fileprivate func trimmingSuffix(while isExcess: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isExcess(last) { text.removeLast() }
        return String(text)
    }
}
