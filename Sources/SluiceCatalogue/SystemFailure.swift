import Glibc

/// A system call that failed.
struct SystemFailure: Error, CustomStringConvertible {
    var errno: Int32
    var call: String

    init(_ call: String, _ errno: Int32) {
        self.call = call
        self.errno = errno
    }

    var reason: String { String(cString: strerror(errno)) }
    var description: String { "\(call): \(reason)" }
}
