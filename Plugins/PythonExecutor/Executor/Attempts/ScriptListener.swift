import CPythonLink
import Foundation
import SluiceCore

/// Hears a script, and passes on to its context what it says.
struct ScriptListener: ConversationListener {
    /// Why a script failed, as its own process reported it.
    struct Report: Sendable {
        /// `exception`, `import`, `syntax` or `exit`.
        var kind: String
        var message: String
        var traceback: String
        var line: Int?
        var column: Int?
    }

    let context: any TaskContext
    /// The last value that the script set.
    private(set) var value: JSONValue?
    private(set) var report: Report?
    /// The last lines of standard error, where a crashing interpreter writes what it knows.
    private(set) var errorTail: [String] = []
    /// Lines beyond the limit of the log, with their bytes; they are not kept.
    private(set) var leftOut = (lines: 0, bytes: 0)
    private var keptBytes = 0
    private let mostBytes: Int
    private let view: ScriptView

    /// How many lines of standard error are remembered.
    private static let tailLength = 100

    /// - Parameters:
    ///   - view: what the script may see, and so keep.
    ///   - mostBytes: how much output the log keeps, the first lines; nil for all.
    init(context: any TaskContext, view: ScriptView, mostBytes: Int? = nil) {
        self.context = context
        self.view = view
        self.mostBytes = mostBytes ?? .max
    }

    mutating func hear(_ line: LogLine) throws {
        if line.stream == .error {
            if errorTail.count >= 2 * Self.tailLength { errorTail.removeFirst(Self.tailLength) }
            errorTail.append(line.text)
        }
        // A line and its break. What comes after the first line that does not fit is left out as well: a log with holes
        // misleads.
        let bytes = line.text.utf8.count + 1
        if leftOut.lines > 0 || bytes > mostBytes - keptBytes {
            leftOut.lines += 1
            leftOut.bytes += bytes
            return
        }
        keptBytes += bytes
        try context.log(line)
    }

    /// What has to be said of the lines that were left out; nil when there are none.
    var leftOutNote: String? {
        guard leftOut.lines > 0 else { return nil }
        let lines = leftOut.lines == 1 ? "1 more line" : "\(leftOut.lines) more lines"
        return
            "The log keeps the first \(mostBytes) bytes of this attempt: \(lines) with \(leftOut.bytes) bytes were left "
            + "out (python.log-limit)."
    }

    mutating func hear(event: UnsafeRawBufferPointer) throws -> [UInt8]? {
        guard let kind = event.first else { return nil }
        let body = event.dropFirst()
        switch Int(kind) {
        case SLUICE_EVENT_PROGRESS:
            let fields = Self.fields(body)
            guard fields.count == 2 else { return nil }
            let fraction = Double(fields[0]).flatMap { $0.isFinite ? min(max($0, 0), 1) : nil }
            try context.progress(fraction, fields[1])
            return nil
        case SLUICE_EVENT_RESULT:
            return try Self.answer {
                let value = try JSONValue(parsing: Data(body))
                try context.result(value)
                self.value = value
            }
        case SLUICE_EVENT_ARTIFACT:
            let fields = Self.fields(body)
            guard fields.count == 2 else { return Array("-That is no artifact.".utf8) }
            return try Self.answer { try keepArtifact(fields[0], name: fields[1]) }
        case SLUICE_EVENT_FAILURE:
            let fields = Self.fields(body)
            guard fields.count == 5 else { return nil }
            let place = fields[1...2].map { Int($0).flatMap { $0 > 0 ? $0 : nil } }
            report = Report(
                kind: fields[0], message: fields[3], traceback: fields[4], line: place[0], column: place[1])
            return nil
        default:
            return nil
        }
    }

    /// Keeps a file that the script may see. Its process may lie about that, and change a path while it is looked at: so what
    /// counts is the file that is open.
    private func keepArtifact(_ path: String, name: String) throws {
        guard !view.hidden.isEmpty else { return try context.artifact(URL(fileURLWithPath: path), name: name) }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { if file >= 0 { close(file) } }
        let held = "/proc/self/fd/\(file)"
        var real = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard file >= 0, readlink(held, &real, real.count - 1) > 0,
            view.allows(real.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
        else { throw PythonError(code: "python.artifact", "There is no file \(path) to keep.", category: .badInput) }
        try context.artifact(URL(fileURLWithPath: held), name: name)
    }

    /// Does what an event asks for: a plus for done, a minus with the reason for the script.
    ///
    /// - Throws: ``LeaseLost``: the attempt itself is over then.
    private static func answer(_ work: () throws -> Void) throws -> [UInt8] {
        do {
            try work()
            return Array("+".utf8)
        } catch let error as LeaseLost {
            throw error
        } catch let error as any SluiceError {
            return Array("-\(error.message)".utf8.prefix(4_096))
        } catch {
            return Array("-\(error)".utf8.prefix(4_096))
        }
    }

    private static func fields(_ body: Slice<UnsafeRawBufferPointer>) -> [String] {
        body.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
}
