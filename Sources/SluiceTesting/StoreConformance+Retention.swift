import Foundation
import SluiceCore

extension StoreConformance {
    static let retentionCases: [Case] = [
        Case("runs that have ended go by age and by number, with their events") { bench in
            var runs: [RunID] = []
            for _ in 0..<4 {
                bench.clock.advance(by: .seconds(60))
                let id = try bench.first.submit(bench.newRun(["a"])).state.run.id
                let leased = try present(try bench.first.advance(bench.leasing(1)).leased.first, "the task")
                _ = try bench.first.advance(bench.ending(leased, StoreBench.success))
                runs.append(id)
            }
            let open = try bench.first.submit(bench.newRun(["a"])).state.run.id
            try require(try bench.second.runs(beyond: Retention(), after: nil, limit: 9), is: [], "without bounds")
            let few = try bench.second.runs(beyond: Retention(keep: 3), after: nil, limit: 9)
            try require(few, is: [runs[0]], "beyond the newest three")
            let second = try present(try bench.first.run(runs[1])?.run.endedAt, "when the second ended")
            let retention = Retention(endedBefore: second.addingTimeInterval(1), keep: 1)
            try require(
                try bench.second.runs(beyond: retention, after: nil, limit: 9), is: Array(runs[0...2]), "beyond either")
            try require(
                try bench.second.runs(beyond: retention, after: runs[0], limit: 1), is: [runs[1]], "a page of them")
            let old = try bench.second.runs(
                beyond: Retention(endedBefore: second.addingTimeInterval(1)), after: nil, limit: 9)
            try require(old, is: [runs[0], runs[1]], "that ended before")

            try require(try bench.second.removeRuns([runs[0], open, RunID(99)]), is: [runs[0]], "those removed")
            try bench.second.removeFiles(of: runs[0])
            try require(try bench.first.run(runs[0]) == nil, "it is gone")
            try require(try bench.first.events(after: 0, run: runs[0], limit: 9).isEmpty, "and its events")
            try require(
                try bench.first.events(after: 0, run: nil, limit: 99).allSatisfy { $0.run != runs[0] }, "among all too")
            try require(try bench.first.run(open) != nil, "what has not ended stays")
        }
    ]
}
