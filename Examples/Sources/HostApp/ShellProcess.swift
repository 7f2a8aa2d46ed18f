import Foundation
import Synchronization

/// A shell in a process group of its own, which `Foundation.Process` cannot end as a whole: it notices the end of a shell
/// only once everything that the shell left in the background has ended too.
final class ShellProcess: Sendable {
    private let identifier: pid_t
    /// The process group, until its leader is reaped and somebody else may get the number.
    private let group: Mutex<pid_t?>
    /// What it says, until the last process of the group has closed it.
    let output: FileHandle
    let errors: FileHandle

    /// Starts `/bin/sh` on a script.
    ///
    /// - Throws: `POSIXError` when it cannot be started.
    init(script: URL, in folder: URL, environment: [String: String]) throws {
        let output = Pipe()
        let errors = Pipe()
        for handle in [output, errors].flatMap({ [$0.fileHandleForReading, $0.fileHandleForWriting] }) {
            // Or a process that something else starts meanwhile would hold the pipe open.
            guard fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw POSIXError(.EBADF) }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.fileHandleForWriting.fileDescriptor, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads of this process block signals; a script expects them to arrive.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        let arguments = Self.strings(["/bin/sh", "-c", #"cd "$1" && exec /bin/sh "$0""#, script.path, folder.path])
        let variables = Self.strings(environment.map { "\($0)=\($1)" })
        defer { for string in arguments + variables { free(string) } }
        var identifier: pid_t = 0
        let problem = posix_spawn(&identifier, "/bin/sh", &actions, &attributes, arguments, variables)
        guard problem == 0 else { throw POSIXError(POSIXErrorCode(rawValue: problem) ?? .EIO) }
        self.identifier = identifier
        group = Mutex(identifier)
        self.output = output.fileHandleForReading
        self.errors = errors.fileHandleForReading
        try output.fileHandleForWriting.close()
        try errors.fileHandleForWriting.close()
    }

    /// Ends the shell and everything that it started, at once.
    func kill() {
        group.withLock { group in
            if let group { _ = Glibc.kill(-group, SIGKILL) }
        }
    }

    /// Hands over each line of ``output`` or ``errors`` as it comes, until the last process has closed it.
    ///
    /// - Throws: what `take` throws, after ending the shell.
    func readLines(of pipe: FileHandle, _ take: @escaping @Sendable (String) throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            // Reading blocks, so it has a thread of its own.
            Thread {
                do {
                    var rest = Data()
                    while case let chunk = pipe.availableData, !chunk.isEmpty {
                        rest += chunk
                        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                            try take(String(decoding: rest[..<end], as: UTF8.self))
                            rest = Data(rest[(end + 1)...])
                        }
                    }
                    if !rest.isEmpty { try take(String(decoding: rest, as: UTF8.self)) }
                    done.resume()
                } catch {
                    self.kill()
                    done.resume(throwing: error)
                }
            }.start()
        }
    }

    /// Waits for the shell, then ends what it left behind.
    ///
    /// - Returns: the exit status, or 128 and the signal that ended it, as shells say it.
    func reap() async -> Int {
        await withCheckedContinuation { done in
            Thread {
                var end = siginfo_t()
                while waitid(P_PID, id_t(self.identifier), &end, WEXITED | WNOWAIT) < 0, errno == EINTR {}
                self.kill()
                self.group.withLock { $0 = nil }
                var status: Int32 = 0
                while waitpid(self.identifier, &status, 0) < 0, errno == EINTR {}
                let signal = Int(status & 0x7F)
                done.resume(returning: signal == 0 ? Int(status >> 8) & 0xFF : 128 + signal)
            }.start()
        }
    }

    private static func strings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        strings.map { strdup($0) } + [nil]
    }
}
