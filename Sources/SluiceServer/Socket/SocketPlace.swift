import Foundation
import Glibc

/// Where the server of a data folder listens: a socket in that folder, reached through the opened folder.
///
/// A socket's address holds 107 bytes at most, a folder's path may be longer; `/proc/self/fd/7/socket` never is. It also
/// means the folder that was opened, whatever its path leads to by now.
final class SocketPlace: Sendable {
    static let fileName = "socket"

    /// The open folder.
    private let folder: Int32
    /// The path of the folder, for people.
    let path: String
    /// Whose folder it is.
    let owner: UInt32

    /// - Returns: nil when there is no folder that this process may look into.
    init?(_ url: URL) {
        let text = url.path(percentEncoded: false)
        path = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        var status = stat()
        owner = fstat(folder, &status) == 0 ? status.st_uid : 0
    }

    deinit { close(folder) }

    /// What lies there under `name`, a symbolic link as itself; nil for nothing.
    func status(of name: String = fileName) -> stat? {
        var status = stat()
        return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    func remove(_ name: String) { _ = unlinkat(folder, name, 0) }

    func rename(_ name: String, to target: String) -> Bool { renameat(folder, name, folder, target) == 0 }

    /// Calls `body` with the address of the socket `name`, in the way that `bind` and `connect` take it.
    func withAddress(
        of name: String = fileName, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let text = "/proc/self/fd/\(folder)/\(name)"
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // Short by construction; the rest stays zero.
            bytes.copyBytes(from: text.utf8.prefix(bytes.count - 1))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Who a peer may be: this process's user, the system's, or the one whose folder it is.
    func trusts(_ peer: PeerCredentials) -> Bool {
        peer.uid == geteuid() || peer.uid == 0 || peer.uid == owner
    }
}

/// Who is at the other end of a local socket, as the kernel says it: `struct ucred` of `unix(7)`.
struct PeerCredentials: Sendable {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0

    /// - Returns: nil for what is no connected local socket.
    init?(of descriptor: Int32) {
        var size = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &self, &size) == 0 else { return nil }
    }
}
