import CPythonLink
import Foundation
import SluiceCore

/// The environments that scripts' requirements lead to: each built once and kept.
///
/// A folder counts only once it holds `.complete`, which is written last. Whoever builds holds a lock that also every
/// process of the installer holds, so that a builder killed at any point leaves nothing but a folder to wipe.
struct Environments: Sendable {
    let root: URL
    let settings: PythonSettings
    let workers: Workers
    let workingFolders: WorkingFolders
    /// The environment variables of the host, from which installers get a few.
    let host: [String: String]

    enum Outcome: Sendable {
        /// The interpreter that is this environment.
        case ready(prefix: String)
        case failed(TaskFailure)
    }

    private static let marker = ".complete"
    /// How long an environment is kept that no script needs, in seconds: 90 days.
    static let keptUnused: TimeInterval = 90 * 86_400

    /// The environment of a recipe; built now when there is none.
    ///
    /// - Throws: ``PythonError``, `CancellationError`, and whatever the context throws.
    func environment(
        for recipe: EnvironmentRecipe, attempt: AttemptID, _ context: any TaskContext
    ) async throws -> Outcome {
        let folder = root.appendingPathComponent(recipe.key).path
        if isComplete(folder, recipe) {
            Self.noteUse(of: folder)
            return .ready(prefix: folder)
        }
        try PrivateFolder.make(root)
        let lock = try FileLock(at: "\(folder).lock")
        var hasSaid = false
        while !lock.tryLock() {
            if !hasSaid { try context.progress(nil, "waiting for the environment, which another task is building") }
            hasSaid = true
            try await Task.sleep(for: .milliseconds(100))
        }
        if isComplete(folder, recipe) { return .ready(prefix: folder) }
        return try await build(recipe, in: folder, holding: lock.descriptor, attempt, context)
    }

    private func isComplete(_ folder: String, _ recipe: EnvironmentRecipe) -> Bool {
        guard access("\(folder)/\(Self.marker)", F_OK) == 0, access("\(folder)/bin/python3", X_OK) == 0 else {
            return false
        }
        guard let notes = try? String(contentsOfFile: "\(folder)/pyvenv.cfg", encoding: .utf8) else { return false }
        // `venv` writes `version`, uv `version_info`.
        return notes.split(separator: "\n").contains { line in
            let parts = line.split(separator: "=").map { $0.filter { !$0.isWhitespace } }
            return parts.count == 2 && parts[0].hasPrefix("version") && parts[1].hasPrefix(recipe.version)
        }
    }

    /// Notes that an environment was needed now, by the time of its marker.
    static func noteUse(of folder: String) {
        // Not noted it may be removed early, and is built again by the next script that needs it.
        utimes("\(folder)/\(marker)", nil)
    }

    /// Removes what no script has needed for long. Only before this process runs its first script: nothing uses them then.
    static func removeUnused(in root: String, now: Date) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for name in names where !name.contains(".") {
            let folder = "\(root)/\(name)"
            var status = stat()
            guard stat("\(folder)/\(marker)", &status) == 0,
                now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > keptUnused,
                let lock = try? FileLock(at: "\(folder).lock"), lock.tryLock()
            else { continue }
            // Without its marker it is none any more, should the rest not go at once.
            unlink("\(folder)/\(marker)")
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Removes what builders left behind that were killed.
    func sweep() {
        // What cannot be removed now costs space and nothing else; the next start, or the next build, tries again.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        for name in names where !name.contains(".") {
            let folder = "\(root.path)/\(name)"
            guard access("\(folder)/\(Self.marker)", F_OK) != 0, let lock = try? FileLock(at: "\(folder).lock"),
                lock.tryLock(), access("\(folder)/\(Self.marker)", F_OK) != 0
            else { continue }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    private func build(
        _ recipe: EnvironmentRecipe, in folder: String, holding lock: Int32, _ attempt: AttemptID,
        _ context: any TaskContext
    ) async throws -> Outcome {
        try context.progress(nil, "building environment: \(recipe.requirements.map(\.name).joined(separator: ", "))")
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
        let installation = Installation(
            environments: self, recipe: recipe, folder: folder, lock: lock, attempt: attempt, context: context)
        if let failure = try await installation.run() { return .failed(failure) }
        try complete(folder, recipe)
        guard isComplete(folder, recipe) else {
            throw PythonError(
                code: "python.interpreter",
                "\(settings.interpreter) made an environment of another Python than \(recipe.version), which runs here. Set "
                    + "another interpreter.", category: .fault)
        }
        return .ready(prefix: folder)
    }

    /// Marks an environment as whole, once its files would survive a power cut.
    private func complete(_ folder: String, _ recipe: EnvironmentRecipe) throws {
        let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if place >= 0 { close(place) } }
        let error = place < 0 ? errno : sluice_link_sync(place)
        guard error == 0 else {
            throw PythonError(
                code: "python.folder",
                "The environment in \(folder) cannot be kept: \(String(cString: strerror(error))).", category: .fault)
        }
        try Data(recipe.requirements.map { $0.canonical + "\n" }.joined().utf8)
            .write(to: URL(fileURLWithPath: "\(folder)/\(Self.marker)"), options: .atomic)
    }
}
