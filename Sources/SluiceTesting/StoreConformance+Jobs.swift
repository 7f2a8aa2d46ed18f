import Foundation
import SluiceCore

extension StoreConformance {
    static let jobCases: [Case] = [
        Case("a saved job is found by number and name, by both handles") { bench in
            let definition = bench.newRun(["load", "clean"], job: "nightly").definition
            let saved = try bench.first.save(definition, as: .saved, owner: "dana", replacing: false)
            let expected = StoredJob(
                version: JobVersion(job: saved.id, version: 1), status: .saved, definition: definition, owner: "dana",
                createdAt: bench.clock.now, updatedAt: bench.clock.now)
            try require(saved, is: expected, "the job as saved")
            try require(try bench.second.job(saved.id), is: saved, "the job by its number")
            try require(try bench.second.job(named: "nightly"), is: saved, "the job by its name")
            try require(try bench.second.job(named: "Nightly") == nil, "names keep their case")
            try require(try bench.second.job(JobID(99)) == nil, "there is no other job")
        },
        Case("a saved job's name is unique, and replacing makes a new version") { bench in
            var definition = bench.newRun(["load"]).definition
            let saved = try bench.first.save(definition, as: .saved, owner: "dana", replacing: false)
            try await refused("a second job of the name", code: "job.exists", category: .conflict) {
                _ = try bench.second.save(definition, as: .saved, owner: "eli", replacing: false)
            }
            try require(try bench.first.jobs(nil), is: [saved], "the jobs after the refusal")
            bench.clock.advance(by: .seconds(60))
            definition.description = "Better."
            let replaced = try bench.second.save(definition, as: .saved, owner: "eli", replacing: true)
            try require(replaced.version, is: JobVersion(job: saved.id, version: 2), "the new version")
            try require(replaced.owner, is: "dana", "the owner stays")
            try require(replaced.createdAt, is: saved.createdAt, "the creation stays")
            try require(replaced.updatedAt, is: bench.clock.now, "the change")
            try require(try bench.first.jobs(.saved), is: [replaced], "the saved jobs")
            let fresh = try bench.first.save(
                bench.newRun(["a"], job: "other").definition, as: .saved, owner: "dana", replacing: true)
            try require(fresh.version.version, is: 1, "replacing what is not there makes a job")
        },
        Case("drafts are free to share a name, and a saved job goes before them") { bench in
            let definition = bench.newRun(["load"]).definition
            let first = try bench.first.save(definition, as: .draft, owner: "dana", replacing: false)
            let second = try bench.second.save(definition, as: .draft, owner: "dana", replacing: true)
            try require(first.id != second.id, "a draft is always a new one")
            try require(try bench.first.job(named: "nightly"), is: second, "the newest draft of the name")
            let saved = try bench.first.save(definition, as: .saved, owner: "dana", replacing: false)
            try require(try bench.second.job(named: "nightly"), is: saved, "the saved job of the name")
            try require(try bench.second.jobs(.draft), is: [first, second], "the drafts")
        },
        Case("jobs are listed by name") { bench in
            for name in ["b", "c", "a"] {
                _ = try bench.first.save(
                    bench.newRun(["t"], job: name).definition, as: name == "c" ? .draft : .saved, owner: "dana",
                    replacing: false)
            }
            func names(_ status: JobStatus?) throws -> [String] { try bench.second.jobs(status).map(\.definition.name) }
            try require(try names(nil), is: ["a", "b", "c"], "all")
            try require(try names(.saved), is: ["a", "b"], "saved jobs")
            try require(try names(.draft), is: ["c"], "drafts")
        },
        Case("one name saved at once from everywhere makes one job") { bench in
            try await bench.inParallel(6) { store, _ in
                do {
                    _ = try store.save(
                        bench.newRun(["t"]).definition, as: .saved, owner: "dana", replacing: false)
                } catch let error as any SluiceError where error.code == "job.exists" {
                    return
                }
            }
            try require(try bench.first.jobs(nil).count, is: 1, "jobs")
        },
    ]
}
