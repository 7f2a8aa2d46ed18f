import Foundation
import SluiceCore

/// What an environment is made of. Equal recipes share one environment.
struct EnvironmentRecipe: Sendable, Hashable {
    /// In the order of their names, each once.
    let requirements: [Requirement]
    let interpreter: String
    /// The interpreter's version, such as `3.11.2`.
    let version: String
    let indexURL: String?

    init(_ requirements: [Requirement], version: String, settings: PythonSettings) {
        var seen: Set<String> = []
        self.requirements = requirements.sorted { $0.canonical < $1.canonical }
            .filter { seen.insert($0.canonical).inserted }
        interpreter = settings.interpreter
        self.version = version
        indexURL = settings.indexURL
    }

    /// The name of the environment's folder.
    var key: String {
        let parts = [interpreter, version, indexURL ?? ""] + requirements.map(\.canonical)
        return String(ContentHash(of: Array(parts.joined(separator: "\n").utf8)).hex.prefix(32))
    }

    /// The requirements as a file of lines.
    var requirementsFile: String { requirements.map { $0.text + "\n" }.joined() }
}
