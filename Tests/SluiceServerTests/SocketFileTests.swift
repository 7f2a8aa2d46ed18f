import Foundation
import Glibc
import SluiceCore
import SluiceTesting
import Testing

@testable import SluiceServer

@Suite("The socket in the data folder")
struct SocketFileTests {
    private func status(_ folder: TemporaryFolder) -> stat {
        var status = stat()
        lstat(folder.path + "/socket", &status)
        return status
    }

    @Test("It is for its owner alone, and gone after a stop")
    func mode() async throws {
        let fixture = try ServerFixture()
        try await fixture.serving { _ in
            #expect(status(fixture.folder).st_mode == S_IFSOCK | 0o600)
        }
        #expect(access(fixture.folder.path + "/socket", F_OK) != 0)
    }

    @Test("One that a killed server left behind is nobody's, and the next server replaces it")
    func stale() async throws {
        let fixture = try ServerFixture()
        let left = try ListeningSocket(in: fixture.folder.url)
        close(left.descriptor)
        let nobody = try await SocketClient.connect(to: fixture.folder.url, release: "test")
        #expect(nobody == nil)
        #expect(status(fixture.folder).st_mode & S_IFMT == S_IFSOCK, "who finds nobody does not take it away")
        try await fixture.serving { _ in
            let before = try await fixture.isServed()
            left.remove()
            let after = try await fixture.isServed()
            #expect(before && after, "the old one's end leaves the new one")
        }
    }

    @Test("A folder whose path is longer than a socket's address may be is served")
    func longPath() async throws {
        let outer = try TemporaryFolder()
        let folder = outer.url.appending(path: String(repeating: "long-", count: 40))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let fixture = try ServerFixture(at: folder)
        try await fixture.serving { _ in
            let isServed = try await fixture.isServed()
            #expect(isServed)
        }
    }

    @Test("A symbolic link in its place is not followed, and a server puts its own socket there")
    func link() async throws {
        let (fixture, other) = (try ServerFixture(), try ServerFixture())
        try await other.serving { _ in
            #expect(symlink(other.folder.path + "/socket", fixture.folder.path + "/socket") == 0)
            let error = await #expect(throws: RequestError.self) {
                _ = try await SocketClient.connect(to: fixture.root, release: "test")
            }
            #expect(error?.code == "server.foreign")
            try await fixture.serving { _ in
                #expect(status(fixture.folder).st_mode & S_IFMT == S_IFSOCK)
                #expect(status(other.folder).st_mode & S_IFMT == S_IFSOCK)
            }
        }
    }

    @Test(
        "A socket that somebody else serves is refused",
        .enabled(if: geteuid() == 0, "to be somebody else as well takes root"))
    func foreign() async throws {
        let fixture = try ServerFixture()
        chmod(fixture.folder.path, 0o777)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-c",
            """
            import os, socket, sys
            os.setuid(65534)
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1]); server.listen()
            print("up", flush=True)
            sys.stdin.read()
            """,
            fixture.folder.path + "/socket",
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(output.fileHandleForReading.readData(ofLength: 3) == Data("up\n".utf8))
        let error = await #expect(throws: RequestError.self) {
            _ = try await SocketClient.connect(to: fixture.root, release: "test")
        }
        #expect(error?.code == "server.foreign")
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
