import Foundation
import SluiceCore

extension StoreConformance {
    static let runCases: [Case] = [
        Case("a submitted run is seen whole by the other handle") { bench in
            let new = bench.newRun(["load", "clean", "report"])
            let submitted = try bench.first.submit(new)
            try require(submitted.isNew, "a first submission is new")
            let state = try bench.state(of: submitted.state.run.id)
            try require(state, is: submitted.state, "the run as read")
            try require(state.run.definition, is: new.definition, "its definition")
            try require(state.run.nominalTime, is: new.nominalTime, "its nominal time")
            try require(state.run.job, is: new.job, "its job")
            try require(state.run.submittedAt, is: bench.clock.now, "its submission")
            try require(state.tasks.map(\.pinned), is: new.tasks, "its pinned tasks")
            try require(state.tasks.map(\.readyAt), is: [bench.clock.now, nil, nil], "what is ready")
            try require(try bench.second.run(RunID(state.run.id.rawValue + 1)) == nil, "no other run is there")
        },
        Case("the same idempotency key gives the same run") { bench in
            let submitted = try bench.first.submit(bench.newRun(["load"], key: "2026-01-13"))
            let again = try bench.second.submit(bench.newRun(["load", "clean"], key: "2026-01-13"))
            try require(!again.isNew, "the second submission is not new")
            try require(again.state, is: submitted.state, "the run of the second submission")
            let other = try bench.second.submit(bench.newRun(["load"], key: "2026-01-14"))
            try require(other.isNew && other.state.run.id != submitted.state.run.id, "another key is another run")
            try require(try bench.first.submit(bench.newRun(["load"])).isNew, "no key is always a new run")
            try require(try bench.first.events(after: 0, run: submitted.state.run.id, limit: 10).count, is: 2, "events")
        },
        Case("one key submitted at once from everywhere makes one run") { bench in
            try await bench.inParallel(8) { store, _ in
                _ = try store.submit(bench.newRun(["load"], key: "once"))
            }
            try require(try bench.first.runs(RunQuery()).count, is: 1, "runs")
        },
        Case("tasks run in order to a succeeded run") { bench in
            let id = try bench.first.submit(bench.newRun(["load", "clean", "report"])).state.run.id
            for (index, store) in [bench.first, bench.second, bench.first].enumerated() {
                bench.clock.advance(by: .seconds(1))
                let leased = try store.advance(bench.leasing(5)).leased
                try require(leased.map(\.task.id.index), is: [index], "the tasks that may run now")
                let task = leased[0]
                try require(task.task.state, is: .running, "the leased task")
                try require(task.task.startedAt, is: bench.clock.now, "its start")
                try require(task.run.status, is: .running, "its run")
                try require(task.lease.attempt.number, is: 1, "its attempt")
                try require(task.task.lease?.token, is: task.lease.token, "its token")
                _ = try store.advance(AdvanceOrder(begun: [task.lease]))
                try require(try bench.state(of: id).tasks[index].lease?.begun, is: true, "the mark of its beginning")
                bench.clock.advance(by: .seconds(1))
                let advanced = try store.advance(bench.ending(task, StoreBench.success))
                try require(advanced.stale, is: [], "stale attempts")
            }
            let state = try bench.state(of: id)
            try require(state.run.status, is: .succeeded, "the run")
            try require(state.run.endedAt, is: bench.clock.now, "its end")
            try require(state.tasks.map(\.state), is: [.succeeded, .succeeded, .succeeded], "its tasks")
            try require(state.tasks.compactMap(\.lease).isEmpty, "no lease is left")
        },
        Case("a failed task fails the run and leaves the later ones not run") { bench in
            let id = try bench.first.submit(bench.newRun(["load", "clean", "report"])).state.run.id
            let task = try bench.leaseOne(bench.second)
            _ = try bench.second.advance(bench.ending(task, StoreBench.failure))
            let state = try bench.state(of: id)
            try require(state.run.status, is: .failed, "the run")
            try require(state.run.reason, is: "task 'load' failed", "its reason")
            try require(state.tasks.map(\.state), is: [.failed, .notRun, .notRun], "its tasks")
            try require(state.tasks[1].reason, is: "task 'load' failed", "why the second did not run")
            guard case .outcome(.failed(let failure)) = StoreBench.failure else { return }
            try require(state.tasks[0].failure, is: failure, "the failure")
            try require(try bench.first.advance(bench.leasing()).leased.isEmpty, "nothing more is leased")
        },
        Case("values pass to the tasks downstream") { bench in
            let value: JSONValue = ["rows": 12, "files": ["a", "b"], "ratio": 0.25, "none": nil]
            _ = try bench.first.submit(bench.newRun(["load", "clean", "report"]))
            let load = try bench.leaseOne(bench.first)
            try require(load.inputs.upstream, is: [:], "what the first task gets")
            try require(load.inputs.parameters["who"], is: "žofie", "its parameters")
            var order = bench.ending(load, .outcome(.succeeded(value: value)))
            order.lease = bench.leasing().lease
            let clean = try present(try bench.second.advance(order).leased.first, "the task leased by the same order")
            try require(clean.inputs.upstream, is: ["load": value], "what the second task gets")
            _ = try bench.first.advance(bench.ending(clean, .outcome(.succeeded(value: "done"))))
            let report = try bench.leaseOne(bench.second)
            try require(report.inputs.upstream, is: ["load": value, "clean": "done"], "what the third task gets")
        },
        Case("a stopped run starts nothing more and ends when its running task has") { bench in
            let id = try bench.first.submit(bench.newRun(["a", "b", "c"], upstream: [[], [], [0]])).state.run.id
            let running = try bench.leaseOne(bench.first)
            let stopped = try present(try bench.second.stop(id, by: "dana"), "the stopped run")
            try require(stopped, is: try bench.state(of: id), "the run as stop answers it")
            try require(stopped.run.stoppedBy, is: "dana", "who stopped it")
            try require(stopped.run.status, is: .running, "the run while a task runs")
            try require(stopped.tasks.map(\.state), is: [.running, .notRun, .notRun], "its tasks")
            try require(try bench.first.advance(bench.leasing(9)).leased.isEmpty, "nothing more is leased")
            _ = try bench.first.advance(bench.ending(running, .terminated(by: "dana")))
            let ended = try bench.state(of: id)
            try require(ended.run.status, is: .failed, "the run")
            try require(ended.tasks[0].state, is: .terminated, "the stopped task")
            try require(try bench.first.stop(id, by: "eli"), is: ended, "stopping an ended run")
            try require(try bench.first.stop(RunID(99), by: "eli") == nil, "stopping no run")
        },
        Case("a run stopped before it started ends at once") { bench in
            let id = try bench.first.submit(bench.newRun(["a", "b"])).state.run.id
            let state = try present(try bench.second.stop(id, by: "dana"), "the stopped run")
            try require(state.run.status, is: .failed, "the run")
            try require(state.run.reason, is: "terminated by dana", "its reason")
            try require(try bench.first.advance(bench.leasing()).leased.isEmpty, "nothing is leased")
        },
        Case("runs are listed newest first, by page, status and job") { bench in
            var ids: [RunID] = []
            for number in 0..<5 {
                let new = bench.newRun(["a"], job: number.isMultiple(of: 2) ? "even" : "odd")
                ids.append(try bench.first.submit(new).state.run.id)
            }
            _ = try bench.first.stop(ids[1], by: "dana")
            func listed(_ query: RunQuery) throws -> [RunID] { try bench.second.runs(query).map(\.id) }
            try require(ids, is: ids.sorted(), "numbers count up")
            try require(try listed(RunQuery()), is: ids.reversed(), "all runs")
            try require(try listed(RunQuery(limit: 2)), is: [ids[4], ids[3]], "the first page")
            try require(try listed(RunQuery(before: ids[3], limit: 2)), is: [ids[2], ids[1]], "the second page")
            try require(try listed(RunQuery(statuses: [.failed])), is: [ids[1]], "failed runs")
            try require(try listed(RunQuery(jobName: "odd")), is: [ids[3], ids[1]], "the runs of one job")
            try require(try listed(RunQuery(statuses: [])), is: [], "runs of no status")
            try require(try listed(RunQuery(limit: 0)), is: [], "an empty page")
            try require(try bench.second.runs(RunQuery(limit: 1)).first, is: try bench.state(of: ids[4]).run, "a run")
        },
        Case("a run of 200 tasks side by side runs to its end from two handles") { bench in
            let names = (0..<200).map { "t\($0)" }
            try bench.first.save(Pool(name: "default", slots: 50))
            let new = bench.newRun(names, upstream: names.map { _ in [] })
            let id = try bench.first.submit(new).state.run.id
            try await bench.inParallel(4) { store, number in
                var order = bench.leasing(7, worker: "worker \(number)")
                while true {
                    let leased = try store.advance(order).leased
                    if leased.isEmpty { return }
                    order.ended = leased.map { .init(lease: $0.lease, ending: StoreBench.success) }
                }
            }
            let state = try bench.state(of: id)
            try require(state.run.status, is: .succeeded, "the run")
            try require(state.tasks.map(\.attempt), is: names.map { _ in 1 }, "attempts a task")
        },
    ]
}
