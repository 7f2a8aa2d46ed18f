import Foundation
import SluiceCore
import SluiceStore
import SluiceTesting
import Testing

@Suite("Stores conform")
struct ConformanceTests {
    @Test("SQLiteStore", .timeLimit(.minutes(2)), arguments: StoreConformance.cases)
    func sqlite(_ rule: StoreConformance.Case) async throws {
        let folder = try TemporaryFolder()
        try await rule.run { clock in
            let data = try DataFolder(at: folder.url)
            return (try SQLiteStore(folder: data, clock: clock), try SQLiteStore(folder: data, clock: clock))
        }
    }

    @Test("MemoryStore", .timeLimit(.minutes(2)), arguments: StoreConformance.cases)
    func memory(_ rule: StoreConformance.Case) async throws {
        try await rule.run { clock in
            let store = MemoryStore(clock: clock)
            return (store, store.anotherHandle())
        }
    }
}
