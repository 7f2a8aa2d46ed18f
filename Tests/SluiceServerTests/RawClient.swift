import Foundation
import Glibc
import SluiceTesting

/// A client that knows nothing of the protocol and sends whatever it is told.
final class RawClient: Sendable {
    private let descriptor: Int32

    init(folder: URL) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = folder.appending(path: "socket").path(percentEncoded: false)
        guard path.utf8.count < 108 else { throw ConformanceFailure("the path is too long for a test") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let file = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw ConformanceFailure("connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Sends a whole frame.
    func send(frame text: String) {
        let length = UInt32(text.utf8.count)
        send((0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) } + Array(text.utf8))
    }

    /// Everything that comes until the other side closes.
    func readToEnd() async -> String {
        // On a thread of its own: the server works on those that the test's tasks run on.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.read()) }
        }
    }

    private func read() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: all.dropFirst(4), as: UTF8.self) }
            all += buffer[..<count]
        }
    }
}
