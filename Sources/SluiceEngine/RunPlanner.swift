import Foundation
import SluiceCore

/// Turns a request into a run that can be queued: pins the definition and the catalogue, asks every script's executor
/// what it needs, and refuses here what could never work.
struct RunPlanner: Sendable {
    let store: any EngineStore
    let executors: ExecutorTable
    let connections: any ConnectionDirectory
    let clock: any WallClock

    /// - Throws: ``DefinitionError`` with every problem of every task; ``EngineError`` for an unknown job or a draft.
    func plan(_ request: RunRequest) async throws -> NewRun {
        var new: NewRun
        switch request.subject {
        case .definition(let definition):
            new = try await plan(nil, definition, try definition.resolvedParameters(request.parameters), request)
        case .job(let id):
            guard let job = try store.job(id) else { throw EngineError.unknownJob(id) }
            guard job.status == .saved else { throw EngineError.draft(job) }
            let parameters = try job.definition.resolvedParameters(request.parameters)
            new = try await plan(job.version, job.definition, parameters, request)
        case .run(let id):
            guard let run = try store.run(id)?.run else { throw EngineError.unknownRun(id) }
            let parameters = run.parameters.merging(request.parameters) { _, own in own }
            new = try await plan(run.job, run.definition, try run.definition.resolvedParameters(parameters), request)
            new.nominalTime = request.nominalTime ?? run.nominalTime
            new.rerunOf = id
        }
        return new
    }

    /// What a run that is to go on would pin now.
    func plan(anew run: Run) async throws -> NewRun {
        try await plan(
            run.job, run.definition, run.parameters,
            RunRequest(.definition(run.definition), trigger: run.trigger, initiator: run.initiator))
    }

    private func plan(
        _ version: JobVersion?, _ definition: JobDefinition, _ parameters: [String: JSONValue], _ request: RunRequest
    ) async throws -> NewRun {
        let graph = try definition.validate()
        let snapshot = try store.pinSnapshot()
        let pools = try store.pools()

        var pinned: [PinnedTask] = []
        var problems: [DefinitionError.Problem] = []
        for (index, task) in definition.allTasks.enumerated() {
            let path = definition.path(ofTaskAt: index)
            do {
                let isLast = index == definition.tasks.count
                // The task that runs at last is given the values of all others.
                let earlier = isLast ? Array(definition.tasks.indices) : graph.ancestors(of: index)
                let scope = TaskScope(
                    snapshot: snapshot, pools: pools, parameters: parameters,
                    earlier: earlier.map { definition.tasks[$0].name }, path: path)
                pinned.append(try await pin(task, upstream: isLast ? [] : graph.upstream[index], in: scope))
            } catch let error as DefinitionError {
                problems += error.problems.map {
                    .init(code: $0.code, path: $0.path.isEmpty ? "\(path).script" : $0.path, message: $0.message)
                }
            } catch let error as any SluiceError where error.category != .fault {
                problems.append(.init(code: error.code, path: "\(path).script", message: error.message))
            }
        }
        guard problems.isEmpty else { throw DefinitionError(problems) }
        return NewRun(
            job: version, definition: definition, trigger: request.trigger, initiator: request.initiator,
            parameters: parameters, nominalTime: request.nominalTime ?? clock.now, snapshot: snapshot.id,
            idempotencyKey: request.idempotencyKey, tasks: pinned)
    }

    /// Everything about the run that a task's plan depends on.
    private struct TaskScope {
        let snapshot: CatalogueSnapshot
        let pools: [Pool]
        let parameters: [String: JSONValue]
        /// The tasks whose values it is given, by name.
        let earlier: [String]
        let path: String
    }

    private func pin(_ task: TaskDefinition, upstream: [Int], in scope: TaskScope) async throws -> PinnedTask {
        guard var script = scope.snapshot[task.script] else {
            throw unknownScript(task, in: scope)
        }
        if let kind = task.kind { script.kind = kind }
        guard let executor = executors[script.kind] else {
            throw DefinitionError(
                code: "task.unknown-kind", path: "\(scope.path).kind",
                "Nothing here runs scripts of kind '\(script.kind)'. Known kinds: \(executors.kindList).")
        }
        let connection = try connections.info(task.connection)
        let defaultPool = scope.pools.first(where: \.isDefault)?.name ?? SessionDefaults().pool
        let parameters = scope.parameters.merging(task.parameters) { _, own in own }
        // The element of a for-each is known by name; what it is, only when its turn comes.
        let elements: [String: JSONValue] =
            task.forEach == nil ? [:] : [ForEach.itemParameter: nil, ForEach.indexParameter: 0]
        let plan = try await executor.plan(
            PlanRequest(
                script: script, content: try store.content(of: script.hash), connection: connection,
                defaults: SessionDefaults(pool: defaultPool).overridden(by: connection.overrides)
                    .overridden(by: task.overrides),
                parameters: parameters.merging(elements) { own, _ in own }, upstream: scope.earlier))
        for pool in [plan.target.pool] + plan.laterPools where !scope.pools.contains(where: { $0.name == pool }) {
            throw DefinitionError(
                code: "task.unknown-pool", path: "\(scope.path).\(task.pool == pool ? "pool" : "script")",
                "Task '\(task.name)' wants the pool '\(pool)', which does not exist. "
                    + "There is: \(scope.pools.map(\.name).joined(separator: ", ")).")
        }
        let pool = scope.pools.first { $0.name == plan.target.pool }
        let limits = (task.limits ?? TaskLimits()).tightened(by: pool?.limits ?? TaskLimits())
        return PinnedTask(
            script: script, connection: connection, target: plan.target, stepCount: plan.steps.count,
            warnings: plan.warnings, parameters: parameters, upstream: upstream,
            limits: limits.isEmpty ? nil : limits,
            resources: pool.flatMap { $0.resources == AttemptLimits() ? nil : $0.resources })
    }

    private func unknownScript(_ task: TaskDefinition, in scope: TaskScope) -> DefinitionError {
        let names = scope.snapshot.scripts.map(\.name)
        let similar = NameSuggestion.nearest(to: task.script, among: names)
        let hint =
            if names.isEmpty {
                "The catalogue is empty: sync a workbench or bucket folder, or save a script, first."
            } else if similar.isEmpty {
                "The catalogue has \(names.count) scripts, none of a similar name; sync if it is new."
            } else {
                "Did you mean \(similar.map { "'\($0)'" }.joined(separator: " or "))? If it is new, sync first."
            }
        return DefinitionError(
            code: "task.unknown-script", path: "\(scope.path).script",
            "Task '\(task.name)' names the script '\(task.script)', which is not in the catalogue. \(hint)")
    }
}
