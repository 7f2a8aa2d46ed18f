@testable import SQLExecutor

/// What libFuzzer calls with every input that it invents: splits it in all three dialects and stops at the first lost byte.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let problem = SplitOracle.problem(bytes, .blue) ?? SplitOracle.problem(bytes, .postgres)
        ?? SplitOracle.problem(bytes, .sqlite)
    {
        fatalError("\(bytes): \(problem)")
    }
    return 0
}
