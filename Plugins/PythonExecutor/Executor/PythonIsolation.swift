import Foundation
import SluiceCore

/// How well this machine keeps scripts apart from the engine and from each other; what `sluice doctor` prints.
public struct PythonIsolation: Sendable, Hashable, Codable {
    /// Something that keeps scripts apart.
    public enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
        /// The engine's data folder is not there for scripts, but for their own folders and the databases.
        case folders
        /// Scripts reach no process outside by signals, as a debugger or through `/proc` (Landlock).
        case processes
        /// The kernel's control groups hold an attempt to its limits.
        case groups
        /// Scripts run as users of their own.
        case users
    }

    public struct Finding: Sendable, Hashable, Codable {
        public var measure: Measure
        /// Why it is missing, as a part of a sentence; nil when it is in force.
        public var missing: String?

        public init(measure: Measure, missing: String? = nil) {
            self.measure = measure
            self.missing = missing
        }
    }

    /// One for each measure, in their order.
    public var findings: [Finding]

    /// What a worker reports of its machine: lines of a measure, a tab, and `yes` or the reason.
    init(report: String, settings: PythonSettings) {
        var reasons: [String: String] = [:]
        for line in report.split(separator: "\n") {
            let fields = line.split(separator: "\t", maxSplits: 1).map(String.init)
            if fields.count == 2 { reasons[fields[0]] = fields[1] }
        }
        findings = Measure.allCases.map { measure in
            switch measure {
            case .folders, .processes:
                if settings.hiddenFolders.isEmpty {
                    return Finding(measure: measure, missing: "no folder is set to be hidden from scripts")
                }
                let reason = reasons[measure.rawValue] ?? "the worker does not say"
                return Finding(measure: measure, missing: reason == "yes" ? nil : reason)
            case .groups:
                let reason = reasons[measure.rawValue] ?? "the worker does not say"
                return Finding(
                    measure: measure,
                    missing: reason == "yes"
                        ? "limits are kept by each attempt's supervisor, which needs none"
                        : "\(reason); limits are kept by each attempt's supervisor")
            case .users:
                return Finding(
                    measure: measure,
                    missing: "scripts open the engine's databases as files, which belong to the engine's user")
            }
        }
    }
}

extension PythonExecutor {
    /// Asks the machine how well it keeps scripts apart.
    ///
    /// - Throws: ``PythonError`` `python.worker` when the worker cannot be run.
    public func isolation() async throws -> PythonIsolation {
        let answer: ShortAnswer
        do {
            answer = try await ShortAnswer(
                of: worker, ["--isolation"], environment: ["SWIFT_BACKTRACE": "enable=no"])
        } catch {
            throw PythonError(
                code: "python.worker", "The Python worker \(worker.path) cannot be started.", category: .fault,
                cause: error)
        }
        return PythonIsolation(report: answer.text, settings: settings)
    }
}
