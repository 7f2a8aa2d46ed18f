/// Finds where a text stops being JSON (RFC 8259). Foundation's decoder says that it does, not where.
struct JSONSyntax {
    /// A place in a text, counted from 1, columns in bytes, and what should have stood there.
    struct Fault: Error {
        var line: Int
        var column: Int
        var message: String
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Deeper nesting than anybody writes by hand, and far from exhausting the stack.
    private static let depthLimit = 500

    /// The first fault, or nil when the text is JSON.
    static func fault(in bytes: [UInt8]) -> Fault? {
        var scanner = JSONSyntax(bytes: bytes)
        do throws(Fault) {
            try scanner.value(depth: 0)
            scanner.skipSpace()
            if let extra = scanner.current { throw scanner.fault("\(describe(extra)) after the end of the document") }
            return nil
        } catch {
            return error
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func value(depth: Int) throws(Fault) {
        guard depth < Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit) levels") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): try members(closing: UInt8(ascii: "}"), keyed: true, depth: depth)
        case UInt8(ascii: "["): try members(closing: UInt8(ascii: "]"), keyed: false, depth: depth)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case .some(let byte) where "-0123456789".utf8.contains(byte): number()
        default: throw fault("a value is expected here, not \(Self.describe(current))")
        }
    }

    private mutating func members(closing: UInt8, keyed: Bool, depth: Int) throws(Fault) {
        position += 1
        skipSpace()
        if current == closing {
            position += 1
            return
        }
        var names: Set<ArraySlice<UInt8>> = []
        while true {
            if keyed {
                skipSpace()
                let start = position
                guard current == UInt8(ascii: "\"") else {
                    throw fault("a name in double quotes is expected here, not \(Self.describe(current))")
                }
                try string()
                guard names.insert(bytes[start..<position]).inserted else {
                    position = start
                    throw fault("this name stands twice in one object")
                }
                skipSpace()
                guard current == UInt8(ascii: ":") else {
                    throw fault("':' is expected here, not \(Self.describe(current))")
                }
                position += 1
            }
            try value(depth: depth + 1)
            skipSpace()
            if current == closing {
                position += 1
                return
            }
            guard current == UInt8(ascii: ",") else {
                throw fault(
                    "',' or '\(Character(Unicode.Scalar(closing)))' is expected here, not \(Self.describe(current))")
            }
            position += 1
        }
    }

    private mutating func string() throws(Fault) {
        let start = position
        position += 1
        while let byte = current {
            position += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte < 0x20 {
                position -= 1
                throw fault("a control character inside a text must be escaped")
            }
            if byte == UInt8(ascii: "\\") { position += 1 }
        }
        position = start
        throw fault("this text is never closed")
    }

    private mutating func number() {
        while let byte = current, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    }

    private mutating func word(_ word: String) throws(Fault) {
        for byte in word.utf8 {
            guard current == byte else { throw fault("'\(word)' is expected here") }
            position += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func fault(_ message: String) -> Fault {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Fault(line: line, column: position - lineStart + 1, message: message)
    }

    private static func describe(_ byte: UInt8?) -> String {
        guard let byte else { return "the end of the document" }
        return (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }
}
