import SluiceCore
import SluiceEngine

/// Where operations are carried out: an engine with its store, and the person who asks.
package struct EngineHost: Sendable {
    /// The engine; running here, or merely the door to its store (``isRunning``).
    package let engine: JobEngine
    /// The script types of this installation.
    package let executors: [any TaskExecutor]
    /// Whether the engine works in this process. Without it a run can be looked at, stopped and prepared, not executed.
    package let isRunning: Bool
    /// Who asks.
    package private(set) var person: Person
    /// Whether new work is taken on; shared by everybody who asks this engine.
    package let gate = SubmissionGate()

    package init(engine: JobEngine, executors: [any TaskExecutor], isRunning: Bool, person: Person = .current) {
        self.engine = engine
        self.executors = executors
        self.isRunning = isRunning
        self.person = person
    }

    package var store: any EngineStore { engine.store }

    /// The same engine, asked by somebody else.
    package func asked(by person: Person) -> EngineHost {
        var host = self
        host.person = person
        return host
    }

    var types: ScriptTypes { ScriptTypes(executors) }
}
