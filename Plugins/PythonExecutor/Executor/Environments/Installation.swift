import CPythonLink
import Foundation
import SluiceCore

/// One build of one environment.
///
/// The installer's programs run as attempts of the base worker: supervised, cancelled and cleared away like scripts.
struct Installation: Sendable {
    let environments: Environments
    let recipe: EnvironmentRecipe
    let folder: String
    /// Held open by every process of the installer.
    let lock: Int32
    let attempt: AttemptID
    let context: any TaskContext

    private var settings: PythonSettings { environments.settings }

    /// Builds the environment.
    ///
    /// - Returns: nil when it stands, else why it does not.
    func run() async throws -> TaskFailure? {
        let installer = try await chooseInstaller()
        let name = "requirements.txt"
        for command in installer.commands(
            interpreter: settings.interpreter, folder: folder, requirements: name, isOffline: settings.isOffline)
        {
            let (final, lines) = try await run(command, files: [name: recipe.requirementsFile])
            if final.signal != 0 || final.status != 0 { return failure(final, lines) }
        }
        return nil
    }

    private func chooseInstaller() async throws -> Installer {
        if let uv = Installer.uv(on: environments.host["PATH"]) { return uv }
        let module = [settings.interpreter, "-m", "uv"]
        if try await run(module + ["--version"], isShown: false).final.isSuccess { return .uv(module) }
        let (final, lines) = try await run([settings.interpreter, "-m", "pip", "--version"], isShown: false)
        // "pip 23.0.1 from …": since 22.3 it can work on another environment than its own.
        let numbers = (lines.first ?? "").split(separator: " ").dropFirst().first?.split(separator: ".") ?? []
        let version = numbers.prefix(2).compactMap { Int($0) }
        guard final.isSuccess, version.count == 2, (version[0], version[1]) >= (22, 3) else { return .bundledPip }
        return .pip
    }

    /// Runs one program to its end, and until nothing of it lives.
    private func run(
        _ command: [String], files: [String: String] = [:], isShown: Bool = true
    ) async throws -> (final: sluice_final, lines: [String]) {
        let worker = try environments.workers.base()
        let place = try environments.workingFolders.make(for: attempt)
        let offer: WorkerProcess.Offer
        do {
            for (name, text) in files {
                let file = URL(fileURLWithPath: "\(place.path)/\(name)")
                try Data(text.utf8).write(to: file)
            }
            offer = try await worker.take()
        } catch {
            try place.remove()
            throw error
        }
        defer { worker.finished(offer) }
        let request = AttemptRequest.program(
            arguments: command,
            environment: Installer.environment(environments.host, settings: settings, folder: place.path),
            folder: place.path)
        let listener = InstallerListener(context: context, redaction: redaction, isShown: isShown)
        let (end, heard) = await Conversation(offer, of: worker).run(
            request, in: place, grace: settings.grace, holding: lock, listener)
        guard let final = end.final else {
            let loss = await worker.loss(of: offer)
            try place.remove()
            if let fault = end.fault { throw fault }
            try Task.checkCancellation()
            throw worker.refusal
                ?? PythonError(
                    code: "python.worker", "The installer was ended from outside: \(loss.reason). Run the task again.",
                    category: .fault)
        }
        if let fault = end.fault { throw fault }
        try Task.checkCancellation()
        return (final, heard.lines)
    }

    private var redaction: Redaction {
        let names = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX"]
        let urls = names.compactMap { environments.host[$0] }.flatMap { $0.split(separator: " ").map(String.init) }
        return Redaction(urls: urls + [settings.indexURL].compactMap { $0 } + recipe.requirements.map(\.text))
    }

    /// The installer's failure in its own words.
    private func failure(_ final: sluice_final, _ lines: [String]) -> TaskFailure {
        let clean = lines.filter { $0.contains { !$0.isWhitespace } }
        let errors = clean.filter { line in
            let start = line.drop { $0.isWhitespace }.lowercased()
            return ["error", "×", "╰", "fatal"].contains { start.hasPrefix($0) }
        }
        let words = (errors.last ?? clean.last ?? "it said nothing").drop { $0.isWhitespace }
        var message = "The requirements cannot be installed: \(words)"
        if settings.isOffline {
            let names = recipe.requirements.map(\.text).joined(separator: ", ")
            message =
                "The requirements (\(redaction(names))) are not installed yet, and offline mode allows no download: \(words)"
        }
        return TaskFailure(
            code: "python.requirements", message: message, detail: clean.suffix(100).joined(separator: "\n"),
            exitStatus: final.signal != 0 ? 128 + Int(final.signal) : Int(final.status))
    }
}

extension sluice_final {
    /// Whether the program ended with status 0.
    var isSuccess: Bool { signal == 0 && status == 0 }
}
