import Foundation
import Synchronization

/// Standard output or standard error: what it can show, and a write that never tears.
struct Output: Sendable {
    static let standard = Output(descriptor: STDOUT_FILENO)
    static let error = Output(descriptor: STDERR_FILENO)

    let descriptor: Int32
    /// Whether a person looks at it, with cursor control.
    let isTerminal: Bool
    let style: Style

    private init(descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1 && environment["TERM"] != "dumb"
        style = Style(isOn: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty)
    }

    /// Columns of the terminal; 100 when it does not say.
    var width: Int { size.map { Int($0.ws_col) } ?? 100 }

    /// Lines of the terminal; 24 when it does not say.
    var height: Int { size.map { Int($0.ws_row) } ?? 24 }

    private var size: winsize? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return size
    }

    /// Writes all of `text`. A reader that has gone away is no error: there is nobody left to tell. Anything else ends
    /// this process with an engine fault, because a result that nobody can read is none.
    func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                // Kept at once: whatever is called next may change it.
                let failure = errno
                if count < 0 {
                    if failure == EINTR { continue }
                    if failure != EPIPE, descriptor != STDERR_FILENO {
                        Self.error.line("Error: The output cannot be written: \(String(cString: strerror(failure))).")
                        exit(ExitStatus.engineFault.rawValue)
                    }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    func line(_ text: String = "") { write(text + "\n") }
}

/// Colours, where they are wanted.
struct Style: Sendable {
    let isOn: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func blue(_ text: String) -> String { wrap(text, "34") }

    private func wrap(_ text: String, _ code: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
