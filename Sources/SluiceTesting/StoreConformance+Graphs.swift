import Foundation
import SluiceCore

extension StoreConformance {
    static let graphCases: [Case] = [
        Case("a retry waits for its time") { bench in
            let run = bench.newRun(["a"]) { $0.tasks[0].retries = RetryPolicy(count: 1, delay: 60, jitter: 0) }
            let id = try bench.first.submit(run).state.run.id
            try require(try bench.first.nextDue(), is: nil, "nothing waits for time to pass")
            _ = try bench.first.advance(bench.ending(try bench.leaseOne(bench.first), StoreBench.failure))
            try require(try bench.second.advance(bench.leasing(9)).leased.isEmpty, "it is not due yet")
            try require(try bench.second.nextDue(), is: bench.clock.now + 60, "when it is")
            bench.clock.advance(by: .seconds(60))
            try require(try bench.second.enforceLimits(), is: [], "nothing is over its time")
            try require(try bench.second.nextDue(), is: nil, "what is due is not awaited any more")
            let again = try bench.leaseOne(bench.second)
            try require(again.lease.attempt.number, is: 2, "the attempt")
            let task = try bench.state(of: id).tasks[0]
            try require(task.history.map(\.state), is: [.failed], "what came before")
            try require(task.history.first?.failure?.detail, is: "long", "and why it failed")
        },
        Case("what is over its limits is told to end, once") { bench in
            let limits = TaskLimits(queue: 100, attempt: 30)
            try bench.first.save(Pool(name: "default", slots: 1))
            let names = ["a", "b"]
            let id = try bench.first.submit(
                bench.newRun(names, upstream: [[], []], limits: limits) {
                    $0.onFailure = .continue
                }
            ).state.run.id
            let leased = try bench.leaseOne(bench.first)
            try require(try bench.first.enforceLimits(), is: [], "nothing is over its time")
            bench.clock.advance(by: .seconds(30))
            try require(try bench.second.enforceLimits(), is: [leased.lease.attempt], "attempts that must end")
            try require(try bench.first.enforceLimits(), is: [], "they are told once")
            try require(
                try bench.state(of: id).tasks[0].stopping, is: .timedOut(.attempt, seconds: 30), "why it stops")
            bench.clock.advance(by: .seconds(70))
            try require(try bench.first.enforceLimits(), is: [], "a task that waits has nobody to tell")
            _ = try bench.first.advance(bench.ending(leased, .terminated(by: "its limit of time")))
            let state = try bench.state(of: id)
            try require(state.tasks.map(\.state), is: [.timedOut, .timedOut], "the tasks")
            try require(
                state.tasks.map(\.failure?.code), is: ["task.attempt-limit", "task.queue-limit"], "their failures")
            try require(state.run.status, is: .failed, "the run")
            try require(try bench.first.nextDue(), is: nil, "nothing waits any more")
        },
        Case("a for-each's elements are leased, hold slots, and come back as they were") { bench in
            try bench.first.save(Pool(name: "default", slots: 2))
            var run = bench.newRun(["each"]) {
                $0.tasks[0].forEach = ForEach(list: "list", concurrency: 2)
            }
            run.tasks[0].parameters["list"] = [["k": 1], "two", nil]
            let id = try bench.first.submit(run).state.run.id
            let leased = try bench.second.advance(bench.leasing(9)).leased
            try require(leased.map(\.task.id.element), is: [0, 1], "the elements that have a slot")
            try require(leased[0].inputs.parameters["item"], is: ["k": 1], "its element")
            try require(try bench.state(of: id).tasks.map(\.item), is: [nil, ["k": 1], "two", .null], "the elements")
            var order = bench.ending(leased[0], .outcome(.succeeded(value: 10)))
            order.ended.append(.init(lease: leased[1].lease, ending: .outcome(.succeeded(value: 20))))
            order.lease = bench.leasing(9).lease
            let last = try bench.first.advance(order).leased
            try require(last.map(\.task.id.element), is: [2], "the element that had to wait")
            _ = try bench.first.advance(bench.ending(last[0], StoreBench.success))
            let state = try bench.state(of: id)
            try require(state.run.status, is: .succeeded, "the run")
            try require(state.tasks[0].value, is: [10, 20, nil], "its value")
        },
        Case("only so many runs of a job are under way; the others follow in their order") { bench in
            let run = bench.newRun(["a"]) { $0.maxConcurrentRuns = 1 }
            let ids = try (0..<3).map { _ in try bench.first.submit(run).state.run.id }
            let other = try bench.first.submit(bench.newRun(["b"], job: "other", jobID: 8)).state.run
            try require(other.isHeld, is: false, "another job's run waits for nobody")
            try require(try ids.map { try bench.state(of: $0).run.isHeld }, is: [false, true, true], "which wait")
            let leased = try bench.second.advance(bench.leasing(9)).leased
            try require(leased.map(\.run.id), is: [ids[0], other.id], "what is leased")
            _ = try bench.second.advance(bench.ending(leased[0], StoreBench.success))
            try require(try ids.map { try bench.state(of: $0).run.isHeld }, is: [false, false, true], "which wait now")
            _ = try bench.first.stop(ids[1], by: "dana")
            try require(try bench.state(of: ids[2]).run.isHeld, is: false, "the last one's turn")
            try require(try bench.leaseOne(bench.first).run.id, is: ids[2], "it is leased")
        },
        Case("a run that is over as soon as it may start leaves its place to the next") { bench in
            let run = bench.newRun(["a", "b"], upstream: [[], []]) { $0.maxConcurrentRuns = 1 }
            let ids = try (0..<3).map { _ in try bench.first.submit(run).state.run.id }
            // What is left of the second cannot run any more once it may start.
            _ = try bench.second.stopTask(TaskRunID(run: ids[1], index: 0), by: "dana")
            try require(try bench.state(of: ids[1]).run.isHeld, is: true, "it waits")
            _ = try bench.first.stop(ids[0], by: "dana")
            try require(try bench.state(of: ids[1]).run.status, is: .failed, "the second has ended")
            try require(try bench.state(of: ids[2]).run.isHeld, is: false, "the third has its turn")
        },
        Case("a terminated task ends, with what it keeps from running") { bench in
            let id = try bench.first.submit(bench.newRun(["a", "b"])).state.run.id
            let leased = try bench.leaseOne(bench.first)
            let state = try present(try bench.second.stopTask(leased.task.id, by: "dana"), "the run")
            try require(state.tasks[0].stopping, is: .terminated(by: "dana"), "why it stops")
            _ = try bench.first.advance(bench.ending(leased, .terminated(by: "dana")))
            try require(try bench.state(of: id).tasks.map(\.state), is: [.terminated, .notRun], "the tasks")
            try await refused("a task that has ended", code: "run.illegal-transition") {
                _ = try bench.first.stopTask(leased.task.id, by: "dana")
            }
            try require(try bench.first.stopTask(TaskRunID(run: id, index: 7), by: "dana"), is: nil, "no such task")
        },
        Case("a failed run goes on from where it failed, with what is pinned anew") { bench in
            let new = bench.newRun(["a", "b"])
            let id = try bench.first.submit(new).state.run.id
            _ = try bench.first.advance(
                bench.ending(try bench.leaseOne(bench.first), .outcome(.succeeded(value: ["n": 7]))))
            let failed = try bench.leaseOne(bench.second)
            _ = try bench.first.advance(bench.ending(failed, StoreBench.failure))
            var tasks = new.tasks
            tasks[1].script.hash = ContentHash(of: Data("mended".utf8))
            let snapshot = ContentHash(of: Data("another catalogue".utf8))
            let point = ResumePoint(attempt: failed.lease.attempt, step: 3)
            let how = RunMachine.Reopening(
                tasks: tasks, snapshot: snapshot, resume: [failed.task.id: point], attachedTo: "passing")
            let reopened = try present(try bench.second.reopen(id, how), "the run")
            try require(try bench.state(of: id), is: reopened, "the run as stored")
            try require(reopened.run.snapshot, is: snapshot, "its snapshot")
            try require(reopened.run.attachedTo, is: "passing", "whom it lives with")
            try require(reopened.tasks.map(\.state), is: [.succeeded, .pending], "its tasks")
            try require(reopened.tasks.map(\.pinned), is: [new.tasks[0], tasks[1]], "what is pinned")
            let again = try bench.leaseOne(bench.first)
            try require(again.lease.attempt.number, is: 2, "the attempt")
            try require(again.task.resume, is: point, "where it goes on")
            try require(again.inputs.upstream, is: ["a": ["n": 7]], "what it is given")
            _ = try bench.first.advance(bench.ending(again, StoreBench.success))
            try require(try bench.state(of: id).run.status, is: .succeeded, "the run")
            try await refused("a run that has succeeded", code: "run.illegal-transition") {
                _ = try bench.first.reopen(id, how)
            }
            try require(try bench.first.reopen(RunID(99), how), is: nil, "no such run")
        },
    ]
}
