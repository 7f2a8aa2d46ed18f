import Foundation
import Sluice
import SluiceTesting
import Testing

/// A data folder on a disk that is full, or that may only be read.
@Suite(
    .ownThreads,
    .enabled(if: SmallDisk.isAvailable, "a disk that can be full needs the right to mount one: run as root"))
struct TroubledDiskCommandTests {
    @Test func aFullDiskIsNamedAndTheNextCommandWorksOnceThereIsSpace() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let disk = try SmallDisk(kilobytes: 3_072)
        let data = disk.url.appendingPathComponent("data").path
        try sluice.write("bucket/fill.py", "for i in range(200_000): print('line', i)")
        #expect(try sluice.run("sync", "--bucket", sluice.path("bucket"), "--data", data).status == 0)

        let full = try sluice.run("run", try sluice.job(["fill.py"]), "--data", data)
        #expect(full.status == 3 || full.status == 1)
        #expect((full.errors + full.output).contains("disk is full"), "\(full.errors)")

        // Whoever frees some space goes on where the folder was left.
        try FileManager.default.removeItem(atPath: data + "/journals")
        try sluice.write("a.sql", "CREATE TABLE t (a);")
        #expect(try sluice.run("scripts", "save", "a", sluice.path("a.sql"), "--data", data).status == 0)
        #expect(try sluice.run("run", try sluice.job(["a.sql"]), "--data", data).status == 0)
        let first = try sluice.run("runs", "show", "1", "--data", data, "--json").document
        #expect(first["status"] == "failed")
    }

    @Test func aReadOnlyFolderIsNamed() throws {
        let sluice = try CommandLine()
        defer { sluice.remove() }
        let disk = try SmallDisk(kilobytes: 4_096)
        let data = disk.url.appendingPathComponent("data").path
        let job = try sluice.job(["a.sql"])
        try sluice.write("workbench/a.sql", "CREATE TABLE t (a);")
        #expect(try sluice.run("sync", "--workbench", sluice.path("workbench"), "--data", data).status == 0)
        try disk.makeReadOnly()
        let result = try sluice.run("run", job, "--data", data)
        #expect(result.status == 3)
        #expect(result.errors.contains("cannot be written"), "\(result.errors)")
        #expect(result.errors.contains(data))
    }
}
