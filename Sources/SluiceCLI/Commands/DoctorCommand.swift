import ArgumentParser
import Foundation
import PythonExecutor
import Sluice
import SluiceServer

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what is broken: in the data folder, its databases, Python and the server.",
        discussion: "It changes nothing, and may look while a server runs. Exit code 3 when something is broken.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard global.hasDataFolder else { throw global.missingFolder }
        let root = global.dataFolder
        let inspection = FolderInspection(of: root, now: Date())
        var findings = [
            Finding("versions", .ok, "Sluice \(Version.current), SQLite \(try FolderInspection.sqliteVersion).")
        ]
        findings.append(await Self.server(of: root, inspection))
        findings += inspection.findings()
        findings += await Self.python(of: root)
        let document = DoctorDocument(version: Version.current, folder: root.path, findings: findings)
        if global.json { Output.standard.write(document.json) } else { document.print(to: .standard) }
        if document.broken { throw InstallationBroken() }
    }

    private static func server(of root: URL, _ inspection: FolderInspection) async -> Finding {
        let check = "server"
        do {
            if try await SocketClient.connect(to: root, release: Version.current) != nil {
                return Finding(check, .ok, "A server answers\(inspection.engine.map { ", process \($0)" } ?? "").")
            }
        } catch {
            return Finding(check, .broken, "The server cannot be used: \(error)")
        }
        guard let engine = inspection.engine else {
            return Finding(check, .ok, "No server runs; commands open the folder themselves.")
        }
        return Finding(check, .ok, "No server answers; process \(engine) works on the folder.")
    }

    /// Plans a script as a run would, which needs the worker and the interpreter, and asks how scripts are kept apart.
    private static func python(of root: URL) async -> [Finding] {
        var findings: [Finding] = []
        let temporary = FileManager.default.temporaryDirectory.appending(path: "sluice-doctor-\(UUID().uuidString)")
        let host: EngineHost
        do {
            host = try Installation.hostWithoutFolder(temporary: temporary)
        } catch {
            return [Finding("python", .broken, "Python scripts cannot run: \(error)")]
        }
        do {
            _ = try await DirectClient(host).perform(
                PlanScript("doctor.py", content: Data("pass\n".utf8), dialect: .sqlite))
            findings.append(
                Finding("python", .ok, "Scripts run with \(try PythonSettings.fromEnvironment().interpreter)."))
        } catch {
            findings.append(Finding("python", .broken, "Python scripts cannot run: \(error)"))
        }
        await host.engine.shutdownExecutors()
        // What the operating system clears away by itself anyhow.
        try? FileManager.default.removeItem(at: temporary)
        do {
            for finding in try await Installation.python(at: root).isolation().findings {
                let (what, check) = (Self.words(finding.measure), "isolation.\(finding.measure.rawValue)")
                findings.append(
                    finding.missing.map { Finding(check, .note, "\(what): not so, \($0).") }
                        ?? Finding(check, .ok, "\(what)."))
            }
        } catch {
            findings.append(Finding("isolation", .broken, "How well scripts are kept apart cannot be asked: \(error)"))
        }
        return findings
    }

    private static func words(_ measure: PythonIsolation.Measure) -> String {
        switch measure {
        case .folders: "Scripts see nothing of the data folder but the databases"
        case .processes: "Scripts reach no process outside"
        case .groups: "The kernel's control groups hold scripts to their limits"
        case .users: "Scripts run as users of their own"
        }
    }
}

/// What `doctor --json` prints.
struct DoctorDocument: Document {
    var version: String
    var folder: String
    /// Whether anything is.
    var broken: Bool
    var findings: [Finding]

    init(version: String, folder: String, findings: [Finding]) {
        self.version = version
        self.folder = folder
        self.findings = findings
        broken = findings.contains { $0.status == .broken }
    }

    func print(to output: Output) {
        for finding in findings {
            let mark =
                switch finding.status {
                case .ok: output.style.green("✓")
                case .note: output.style.yellow("!")
                case .broken: output.style.red("✗")
                }
            output.line("\(mark) \(finding.check): \(DisplayText.safe(finding.message))")
        }
        let count = findings.count { $0.status == .broken }
        output.line()
        output.line(count == 0 ? "Nothing is broken." : "\(Formats.count(count, "thing")) broken: see ✗ above.")
    }
}
