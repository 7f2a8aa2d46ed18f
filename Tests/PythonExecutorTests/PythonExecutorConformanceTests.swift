import Foundation
import PythonExecutor
import SluiceCore
import SluiceTesting
import Testing

@Suite("Every executor's rules, kept by Python's")
struct PythonExecutorConformanceTests {
    @Test(arguments: ExecutorConformance.cases)
    func conforms(_ rule: ExecutorConformance.Case) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await rule.run {
            ExecutorConformance.Subject(
                executor: PythonExecutor(worker: Bench.worker, folder: folder),
                connection: Connection(info: FakeContext.connection(root: folder.path)),
                succeeds: "print('done')", fails: "raise ValueError('wrong')", lasts: "import time\ntime.sleep(120)",
                malformed: "def f(:")
        }
    }
}
