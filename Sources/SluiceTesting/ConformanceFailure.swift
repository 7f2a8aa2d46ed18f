/// A rule of a port that an implementation breaks.
///
/// Thrown instead of recorded, so that the suites need no test framework: any runner reports it.
public struct ConformanceFailure: Error, CustomStringConvertible {
    /// What was expected and what came.
    public var message: String
    /// Where the suite says so.
    public var place: String

    public init(_ message: String, file: StaticString = #fileID, line: UInt = #line) {
        self.message = message
        place = "\(file):\(line)"
    }

    public var description: String { "\(message) (\(place))" }
}

/// Fails unless `condition` holds.
func require(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws(ConformanceFailure) {
    guard condition else { throw ConformanceFailure(message(), file: file, line: line) }
}

/// Fails unless `found` equals `expected`.
func require<Value: Equatable>(
    _ found: Value, is expected: Value, _ what: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) throws(ConformanceFailure) {
    guard found == expected else {
        throw ConformanceFailure("\(what()): expected \(expected), found \(found)", file: file, line: line)
    }
}

/// The value, or a failure when there is none.
func present<Value>(
    _ value: Value?, _ what: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws(ConformanceFailure) -> Value {
    guard let value else { throw ConformanceFailure("\(what()) is missing", file: file, line: line) }
    return value
}
