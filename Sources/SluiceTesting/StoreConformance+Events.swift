import Foundation
import SluiceCore

extension StoreConformance {
    static let eventCases: [Case] = [
        Case("events tell every change in commit order") { bench in
            let id = try bench.first.submit(bench.newRun(["a", "b"])).state.run.id
            let submitted = bench.clock.now
            bench.clock.advance(by: .seconds(1))
            let task = try bench.leaseOne(bench.second)
            bench.clock.advance(by: .seconds(1))
            _ = try bench.second.advance(bench.ending(task, StoreBench.failure))
            let events = try bench.first.events(after: 0, run: nil, limit: 100)
            let expected: [RunChange] = [
                .run(status: .pending, reason: nil),
                .task(index: 0, state: .pending, attempt: 0, reason: "waits for pool default"),
                .run(status: .running, reason: nil),
                .task(index: 0, state: .running, attempt: 1, reason: nil),
                .task(index: 0, state: .failed, attempt: 1, reason: "no such table: t"),
                .task(index: 1, state: .notRun, attempt: 0, reason: "task 'a' failed"),
                .run(status: .failed, reason: "task 'a' failed"),
            ]
            try require(events.map(\.change), is: expected, "the changes")
            try require(events.allSatisfy { $0.run == id }, "they are of this run")
            try require(
                events.map { $0.at.timeIntervalSince(submitted) }, is: [0, 0, 1, 1, 2, 2, 2], "their times")
            try require(
                try bench.second.events(after: 0, run: nil, limit: 100), is: events, "the other handle's events")
            let stopped = try bench.first.submit(bench.newRun(["a"])).state.run.id
            _ = try bench.first.stop(stopped, by: "dana")
            let changes = try bench.second.events(after: 0, run: stopped, limit: 100).map(\.change)
            try require(changes.contains(.stopRequested(by: "dana")), "the stop is told: \(changes)")
        },
        Case("events are resumed from the last one seen, over all runs or one") { bench in
            let one = try bench.first.submit(bench.newRun(["a"])).state.run.id
            let two = try bench.second.submit(bench.newRun(["b"])).state.run.id
            _ = try bench.first.stop(one, by: "dana")
            let all = try bench.first.events(after: 0, run: nil, limit: 100)
            let numbers = all.map(\.sequence)
            try require(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "numbers rise: \(numbers)")
            try require(numbers.first.map { $0 > 0 } ?? false, "the first number is above 0")
            var paged: [RunEvent] = []
            while let page = try? bench.second.events(after: paged.last?.sequence ?? 0, run: nil, limit: 2),
                !page.isEmpty
            {
                try require(page.count <= 2, "a page is as long as asked for")
                paged += page
            }
            try require(paged, is: all, "the events by page")
            let ofTwo = all.filter { $0.run == two }
            try require(try bench.second.events(after: 0, run: two, limit: 100), is: ofTwo, "the events of one run")
            try require(
                try bench.second.events(after: ofTwo[0].sequence, run: two, limit: 100), is: Array(ofTwo.dropFirst()),
                "its later events")
            try require(
                try bench.first.events(after: numbers.last ?? 0, run: nil, limit: 100), is: [], "no more events")
        },
        Case("an observer that follows the numbers misses nothing while many write") { bench in
            try bench.first.save(Pool(name: "default", slots: 100))
            try await bench.inParallel(4) { store, number in
                if number == 3 {
                    var seen: [Int64] = []
                    // Each of 15 runs leaves 6 events: two when submitted, two when leased, two when ended.
                    while seen.count < 90 {
                        seen += try store.events(after: seen.last ?? 0, run: nil, limit: 7).map(\.sequence)
                    }
                    let all = try store.events(after: 0, run: nil, limit: seen.count).map(\.sequence)
                    try require(seen, is: all, "the numbers that the observer saw")
                } else {
                    for _ in 0..<5 {
                        _ = try store.submit(bench.newRun(["a"]))
                        let leased = try store.advance(bench.leasing()).leased
                        for task in leased { _ = try store.advance(bench.ending(task, StoreBench.success)) }
                    }
                }
            }
        },
        Case("a commit of either handle signals the watchers of both") { bench in
            let (here, there) = (bench.first.signals(), bench.second.signals())
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            // A signal that never came would hang: the run's time limit tells.
            for await _ in here { break }
            for await _ in there { break }
            let stopped = bench.second.signals()
            _ = try bench.first.stop(id, by: "dana")
            for await _ in stopped { break }
        },
        Case("an order that changes nothing signals nobody and leaves no event") { bench in
            let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
            let before = try bench.first.events(after: 0, run: nil, limit: 100)
            let signals = bench.second.signals()
            _ = try bench.first.advance(AdvanceOrder())
            _ = try bench.first.advance(bench.leasing(3, kinds: [.python]))
            _ = try bench.first.renew([], for: .seconds(3))
            try require(try bench.first.events(after: 0, run: nil, limit: 100), is: before, "the events")
            // The stop signals for certain; had anything before it, two elements would come.
            async let count = signalsUntilEnd(of: id, signals, bench.second)
            _ = try bench.first.stop(id, by: "dana")
            try require(try await count, is: 1, "signals")
        },
    ]
}

/// How many signals came until the run was seen to have ended.
private func signalsUntilEnd(of run: RunID, _ signals: AsyncStream<Void>, _ store: any RunStore) async throws -> Int {
    var count = 0
    for await _ in signals {
        count += 1
        if try store.run(run)?.run.status.isEnded == true { break }
    }
    return count
}
