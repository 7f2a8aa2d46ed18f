import Sluice
import SluiceTesting
import Testing

@testable import HostApp

@Suite("The example's own script type is an executor like any other")
struct ShellExecutorTests {
    @Test(arguments: ExecutorConformance.cases)
    func conforms(_ rule: ExecutorConformance.Case) async throws {
        let local = ConnectionInfo(name: "local", kind: "sqlite", dialect: .sqlite)
        try await rule.run {
            ExecutorConformance.Subject(
                executor: ShellExecutor(), connection: Connection(info: local), succeeds: "echo done", fails: "exit 3",
                // What it leaves in the background has to end as well.
                lasts: "sleep 100 & sleep 100", malformed: nil)
        }
    }
}
