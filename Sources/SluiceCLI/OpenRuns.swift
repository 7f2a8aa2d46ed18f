import Foundation
import Sluice
import SluiceServer

/// The runs that are open in a data folder which no engine has: whose they were, and what becomes of them.
///
/// A run belongs to the engine that took it on. `sluice run` shows its run to the end, so when its process died the run
/// is over. A server's runs wait for the next server; a mark in the folder says that there are such.
struct OpenRuns {
    private let store: SQLiteStore
    private let folder: DataFolder
    private var mark: URL { folder.root.appending(path: "served") }

    init(_ installation: Installation) {
        store = installation.store
        folder = installation.folder
    }

    /// Prepares the folder for a run of this process.
    ///
    /// - Throws: ``RequestError`` `folder.open-runs`: an engine that took them along would end them with itself.
    func settleForOneRun(through engine: JobEngine) throws {
        guard isMarked else { return try end(through: engine) }
        let open = try open(limit: 4)
        guard !open.isEmpty else { return try setMark(false) }
        let numbers = open.prefix(3).map { "\($0.id)" }.joined(separator: ", ") + (open.count > 3 ? " …" : "")
        throw RequestError(
            "folder.open-runs", .conflict,
            "The data folder \(folder.root.path) has runs that a server began and did not end: \(numbers). Start "
                + "'sluice serve', which goes on with them, or end each with 'sluice runs stop'. Then run this again.")
    }

    /// Prepares the folder for a server, which goes on with what the last server left.
    func settleForServer(through engine: JobEngine) throws {
        if !isMarked { try end(through: engine) }
        try setMark(true)
    }

    /// Leaves the mark behind only when there is something that it speaks of.
    func leaveServer() throws { if try open(limit: 1).isEmpty { try setMark(false) } }

    /// Ends what processes that died left open.
    private func end(through engine: JobEngine) throws {
        while true {
            let open = try open(limit: 100)
            guard !open.isEmpty else { return }
            for run in open { try engine.stop(run.id, by: "the end of the process that ran it") }
        }
    }

    /// Those that nobody has told to stop.
    private func open(limit: Int) throws -> [Run] {
        try store.runs(RunQuery(statuses: [.pending, .running], limit: limit)).filter { $0.stoppedBy == nil }
    }

    private var isMarked: Bool { FileManager.default.fileExists(atPath: mark.path) }

    private func setMark(_ isSet: Bool) throws {
        guard isSet != isMarked else { return }
        do {
            guard isSet else { return try FileManager.default.removeItem(at: mark) }
            try Data().write(to: mark)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: mark.path)
        } catch {
            throw RequestError(
                "folder.read-only", .fault, "\(mark.path) cannot be written: \(error.localizedDescription)")
        }
    }
}
