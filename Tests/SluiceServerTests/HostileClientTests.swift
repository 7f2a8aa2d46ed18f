import Foundation
import SluiceCore
import SluiceServer
import Testing

@Suite("Clients that break the rules harm themselves alone")
struct HostileClientTests {
    @Test(
        "A wrong beginning is answered with what is wrong, and the connection ends",
        arguments: [
            (#"{"sluice":99,"release":"9.0"}"#, "server.version"), (#"{"hello":1}"#, "server.no-hello"),
            ("not JSON", "server.no-hello"), ("", "server.no-hello"),
        ])
    func beginnings(frame: String, code: String) async throws {
        let fixture = try ServerFixture()
        try await fixture.serving { _ in
            let client = try RawClient(folder: fixture.folder.url)
            client.send(frame: frame)
            let said = await client.readToEnd()
            #expect(said.contains("\"\(code)\""), "\(said)")
            #expect(try await fixture.isServed())
        }
    }

    @Test("A huge length is refused without being waited for")
    func hugeLength() async throws {
        let fixture = try ServerFixture()
        try await fixture.serving { _ in
            let client = try RawClient(folder: fixture.folder.url)
            client.send([0xFF, 0xFF, 0xFF, 0xFF, 0x7B])
            let said = await client.readToEnd()
            #expect(said.contains("request.too-long"))
            #expect(try await fixture.isServed())
        }
    }

    @Test("Requests that cannot be read or are not known are answered, and the next one is met")
    func requests() async throws {
        let fixture = try ServerFixture()
        try await fixture.serving { _ in
            let client = try RawClient(folder: fixture.folder.url)
            client.send(frame: #"{"sluice":1,"release":"test"}"#)
            client.send(frame: "garbage")
            client.send(frame: #"{"operation":"nonsense","input":{}}"#)
            client.send(frame: #"{"operation":"runs.find","input":{"run":"x"}}"#)
            client.send(frame: #"{"operation":"pools.list","input":{}}"#)
            // A last frame that is too long ends the conversation, so that there is an end to read to.
            client.send([0xFF, 0xFF, 0xFF, 0xFF])
            let said = await client.readToEnd()
            #expect(said.components(separatedBy: "request.malformed").count == 3)
            #expect(said.contains("request.unknown-operation"))
            #expect(said.contains("\"slots\""))
        }
    }

    @Test("Silence, half a frame, and leaving in the middle are borne, twenty at a time")
    func silence() async throws {
        let fixture = try ServerFixture()
        try await fixture.serving { _ in
            let silent = try (0..<20).map { _ in try RawClient(folder: fixture.folder.url) }
            for client in silent.prefix(10) { client.send([0, 0, 1, 0, 0x7B]) }
            for _ in 0..<10 {
                let leaving = try RawClient(folder: fixture.folder.url)
                leaving.send(frame: #"{"sluice":1,"release":"test"}"#)
                leaving.send([0, 0])
            }
            #expect(try await fixture.isServed())
            withExtendedLifetime(silent) {}
        }
    }

    @Test("A client that asks and does not read its answers holds up nobody")
    func deafClient() async throws {
        let fixture = try ServerFixture()
        let job = try fixture.job("lines 1000")
        try await fixture.serving { _ in
            let run = try await fixture.client().perform(SubmitRun(.definition(job)))
            _ = try await fixture.host.engine.wait(for: run.id)
            let client = try RawClient(folder: fixture.folder.url)
            client.send(frame: #"{"sluice":1,"release":"test"}"#)
            for _ in 0..<50 {
                client.send(
                    frame:
                        #"{"operation":"journals.read","input":{"attempt":{"task":{"run":\#(run.id),"index":0},"number":1},"after":0,"kinds":63}}"#
                )
            }
            #expect(try await fixture.isServed())
            withExtendedLifetime(client) {}
        }
    }
}
