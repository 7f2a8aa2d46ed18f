import Foundation
import Glibc
import SluiceCore

/// The socket on which the server of a data folder listens, from its making to its removal.
package final class ListeningSocket: Sendable {
    /// Under this name the socket is made; the real name always belongs to one that listens.
    private static let newName = "socket.new"

    let descriptor: Int32
    private let place: SocketPlace
    /// The file that is ours.
    private let identity: ino_t

    /// Makes the socket, mode 0600. One that a killed server left there is replaced.
    ///
    /// - Parameter folder: a data folder whose engine lock the caller holds: nobody else listens here then.
    /// - Throws: ``RequestError`` `server.no-socket`.
    package init(in folder: URL) throws {
        guard let place = SocketPlace(folder) else { throw Self.failure(folder.path, errno) }
        let file = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard file >= 0 else { throw Self.failure(place.path, errno) }
        place.remove(Self.newName)
        // Said before the name exists, so that it never exists with other rights.
        guard fchmod(file, 0o600) == 0,
            place.withAddress(of: Self.newName, { bind(file, $0, $1) }) == 0,
            listen(file, 128) == 0,
            let made = place.status(of: Self.newName),
            place.rename(Self.newName, to: SocketPlace.fileName)
        else {
            let number = errno
            close(file)
            throw Self.failure(place.path, number)
        }
        self.place = place
        descriptor = file
        identity = made.st_ino
    }

    /// Takes the name away, unless another socket has it by now. The descriptor is closed by whoever serves it.
    package func remove() {
        if place.status()?.st_ino == identity { place.remove(SocketPlace.fileName) }
    }

    func trusts(_ peer: PeerCredentials) -> Bool { place.trusts(peer) }

    private static func failure(_ path: String, _ number: Int32) -> RequestError {
        RequestError(
            "server.no-socket", .fault,
            "The server cannot listen in \(path): \(String(cString: strerror(number))). Mend that, or name another "
                + "data folder.")
    }
}
