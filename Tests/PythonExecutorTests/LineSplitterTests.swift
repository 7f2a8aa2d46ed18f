import Foundation
import Testing

@testable import PythonExecutor

@Suite("Lines")
struct LineSplitterTests {
    private func lines(_ chunks: [[UInt8]]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for chunk in chunks { chunk.withUnsafeBytes { splitter.feed($0) { lines.append($0) } } }
        splitter.end { lines.append($0) }
        return lines
    }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]), ("a\r\nb\r", ["a", "b"]),
        ("\n\n", ["", ""]),
        ("a\rb\n", ["a\rb"]), ("é\n日\n", ["é", "日"]),
    ])
    func areTheSameHoweverTheBytesCome(_ text: String, _ expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(lines([bytes]) == expected)
        #expect(lines(bytes.map { [$0] }) == expected)
    }

    @Test(arguments: [65_535, 65_536, 65_537, 131_072, 131_073, 500_000])
    func comeInPiecesWhenTheyAreLong(_ count: Int) {
        // Three bytes each, so that the cut falls into characters.
        let text = String(repeating: "日", count: count)
        let bytes = Array((text + "\nnext\n").utf8)
        for size in [1_000, 65_536, bytes.count] {
            let chunks = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            let found = lines(chunks)
            #expect(found.last == "next")
            #expect(found.dropLast().joined() == text)
            #expect(found.allSatisfy { $0.utf8.count <= LineSplitter.longest })
        }
    }

    @Test func neverLoseAByteThatIsText() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                ([0x0A, 0x61, 0x62, 0xC3, 0xA9] as [UInt8]).randomElement(using: &random)!
            }
            var whole = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            if whole.last == "" { whole.removeLast() }
            #expect(lines([bytes]) == whole)
            #expect(lines(bytes.map { [$0] }) == whole)
        }
    }
}
