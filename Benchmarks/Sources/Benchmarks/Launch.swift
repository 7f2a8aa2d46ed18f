import Foundation

/// A program to run as a whole process, from spawn to reaped.
struct Launch {
    var program: String
    var arguments: [String] = []
    /// What it reads on standard input.
    var input = "/dev/null"

    /// Runs it once.
    ///
    /// - Parameter complaints: a file for its standard error.
    /// - Throws: ``Failed`` unless it ends with status 0.
    func run(complaints: URL) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, complaints.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)

        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var process: pid_t = 0
        let problem = posix_spawn(&process, program, &actions, nil, words, environ)
        guard problem == 0 else { throw Failed(launch: self, how: String(cString: strerror(problem))) }

        var status: Int32 = 0
        while wait4(process, &status, 0, nil) < 0 {
            guard errno == EINTR else { throw Failed(launch: self, how: String(cString: strerror(errno))) }
        }
        guard status == 0 else {
            let said = try String(contentsOf: complaints, encoding: .utf8)
            throw Failed(launch: self, how: "wait status \(status). It said:\n\(said)")
        }
    }

    struct Failed: Error, CustomStringConvertible {
        var launch: Launch
        var how: String
        var description: String { "\(([launch.program] + launch.arguments).joined(separator: " ")): \(how)" }
    }
}
