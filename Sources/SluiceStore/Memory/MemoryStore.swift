import Foundation
import SluiceCore
import Synchronization

/// A store that forgets: for tests, simulations, and hosts that want no files.
public final class MemoryStore: Sendable {
    let storage: MemoryStorage
    let clock: any WallClock

    /// A new, empty store.
    public convenience init(clock: any WallClock = SystemClock()) {
        self.init(storage: MemoryStorage(), clock: clock)
    }

    private init(storage: MemoryStorage, clock: any WallClock) {
        self.storage = storage
        self.clock = clock
    }

    deinit { storage.signals.finish(self) }

    /// A second handle on the same storage, as another worker would open it.
    public func anotherHandle() -> MemoryStore { MemoryStore(storage: storage, clock: clock) }

    /// Ends the handle's streams of signals.
    public func close() { storage.signals.finish(self) }

    func write<Result: Sendable>(_ body: (inout MemoryRuns) throws -> Result) throws -> Result {
        let (result, hasWritten) = try storage.runTransaction(at: clock.now, body)
        if hasWritten { storage.signals.fire() }
        return result
    }

    func writeContents<Result>(_ body: (inout MemoryStorage.Contents) throws -> Result) throws -> Result {
        let result = try storage.transaction(body)
        storage.signals.fire()
        return result
    }
}

extension MemoryStore: RunStore {
    public func submit(_ run: NewRun) throws -> Submitted { try write { try $0.submit(run) } }

    public func advance(_ order: AdvanceOrder) throws -> Advanced { try write { try $0.advance(order) } }

    public func renew(_ leases: [HeldLease], for duration: Duration) throws -> [AttemptID] {
        try write { try $0.renew(leases, for: duration) }
    }

    public func move(_ lease: HeldLease, to pool: String) throws -> Bool { try write { try $0.move(lease, to: pool) } }

    public func stop(_ run: RunID, by person: String) throws -> RunState? {
        try write { try $0.stop(run, by: person) }
    }

    public func stopTask(_ task: TaskRunID, by person: String) throws -> RunState? {
        try write { try $0.stopTask(task, by: person) }
    }

    public func reopen(_ run: RunID, _ how: RunMachine.Reopening) throws -> RunState? {
        try write { try $0.reopen(run, how) }
    }

    public func enforceLimits() throws -> [AttemptID] { try write { try $0.enforceLimits() } }

    public func nextDue() -> Date? { storage.look { $0.runs.nextDue } }

    public func placesInLine(of run: RunID) -> [Int: Int] {
        storage.look { contents in
            var places: [Int: Int] = [:]
            for (position, task) in (contents.runs.states[run]?.tasks ?? []).enumerated()
            where task.state == .pending && task.readyAt != nil {
                let entry = ReadyTask(rank: task.rank ?? 0, run: run, position: position)
                places[position] = contents.runs.countBefore(entry, in: task.pool) + 1
            }
            return places
        }
    }

    public func expiredLeases(isDead: (_ worker: String) -> Bool) -> [HeldLease] {
        let now = clock.now
        let running = storage.look { contents in
            contents.runs.states.values.filter { !$0.run.status.isEnded }.sorted { $0.run.id < $1.run.id }
                .flatMap { $0.tasks.filter(\.isAttempting) }
        }
        let dead = Set(Set(running.compactMap { $0.lease?.worker }).filter(isDead))
        return running.compactMap { task in
            guard let lease = task.lease, let attempt = task.attemptID else { return nil }
            let isOver = lease.expires <= now || dead.contains(lease.worker)
            return isOver ? HeldLease(attempt: attempt, token: lease.token) : nil
        }
    }

    public func run(_ id: RunID) -> RunState? { storage.look { $0.runs.states[id] } }

    public func runs(_ query: RunQuery) -> [Run] {
        let runs = storage.look { $0.runs.states.values.map(\.run) }
        let wanted = runs.filter { run in
            (query.before.map { run.id < $0 } ?? true) && (query.statuses?.contains(run.status) ?? true)
                && (query.isAttached.map { (run.attachedTo != nil) == $0 } ?? true)
                && (query.jobName.map { run.definition.name == $0 } ?? true)
        }
        return Array(wanted.sorted { $0.id > $1.id }.prefix(max(0, query.limit)))
    }

    public func events(after sequence: Int64, run: RunID?, limit: Int) -> [RunEvent] {
        storage.look { contents in
            // Sequence numbers count from 1 without a gap, so the number is the place.
            let later = contents.runs.events.dropFirst(Int(clamping: max(0, sequence)))
            let shown = later.lazy.filter { event in
                (run.map { event.run == $0 } ?? true) && contents.runs.states[event.run] != nil
            }
            return Array(shown.prefix(max(0, limit)))
        }
    }

    public func signals() -> AsyncStream<Void> { storage.signals.stream(for: self) }

    public func pools() -> [Pool] { storage.look { $0.runs.pools } }

    public func poolUse() -> [PoolUse] { storage.look { $0.runs.poolUse } }

    public func save(_ pool: Pool) throws {
        try writeContents { $0.runs.pools = try PoolRules.saving(pool, among: $0.runs.pools) }
    }

    public func deletePool(_ name: String) throws {
        try writeContents { contents in
            let isUsed = contents.runs.states.values.contains { state in
                !state.run.status.isEnded
                    && state.tasks.contains { !$0.state.isEnded && ($0.pool == name || $0.pinned.target.pool == name) }
            }
            contents.runs.pools = try PoolRules.deleting(name, among: contents.runs.pools, isUsed: isUsed)
        }
    }
}

extension MemoryStore: JobStore {
    public func save(
        _ definition: JobDefinition, as status: JobStatus, owner: String, replacing: Bool
    ) throws -> StoredJob {
        let now = clock.now
        return try writeContents { contents in
            let saved = contents.jobs.values.compactMap(\.last).first {
                $0.status == .saved && $0.definition.name == definition.name
            }
            let job = try JobRules.saving(
                definition, as: status, owner: owner, replacing: replacing, over: saved, at: now,
                freshID: {
                    contents.lastJob += 1
                    return JobID(contents.lastJob)
                })
            contents.jobs[job.id, default: []].append(job)
            return job
        }
    }

    public func jobs(_ status: JobStatus?) -> [StoredJob] {
        storage.look { $0.jobs.values.compactMap(\.last) }
            .filter { status == nil || $0.status == status }
            .sorted { ($0.definition.name, $0.id.rawValue) < ($1.definition.name, $1.id.rawValue) }
    }

    public func job(_ id: JobID) -> StoredJob? { storage.look { $0.jobs[id]?.last } }

    public func job(named name: String) -> StoredJob? {
        let found = jobs(nil).filter { $0.definition.name == name }
        return found.first { $0.status == .saved } ?? found.last
    }
}

extension MemoryStore: CatalogueIndex {
    public func scripts() -> [Script] {
        storage.look { $0.catalogue.entries.values.map(\.script) }.sorted { $0.name < $1.name }
    }

    public func script(named name: String) -> Script? { storage.look { $0.catalogue.entries[name]?.script } }

    public func entries(of source: String) -> [CatalogueEntry] {
        storage.look { $0.catalogue.entries.values.filter { $0.script.source == source } }
            .sorted { $0.script.name < $1.script.name }
    }

    public func apply(_ update: CatalogueUpdate) throws -> [String: String] {
        try writeContents { try $0.catalogue.apply(update) }
    }

    public func content(of hash: ContentHash) throws -> Data {
        guard let bytes = storage.look({ $0.catalogue.contents[hash] }) else { throw StoreError.contentMissing(hash) }
        return bytes
    }

    public func pinSnapshot() throws -> CatalogueSnapshot { try storage.transaction { $0.catalogue.pin() } }

    public func snapshot(_ id: ContentHash) throws -> CatalogueSnapshot {
        guard let snapshot = storage.look({ $0.catalogue.snapshots[id] }) else { throw StoreError.snapshotMissing(id) }
        return snapshot
    }

    public func sourceLocations() -> [String: String] { storage.look { $0.catalogue.locations } }

    public func rememberSource(_ name: String, location: String) throws {
        try writeContents { $0.catalogue.locations[name] = location }
    }
}

extension MemoryStore: LogStore, ArtifactStore {
    public func openJournal(of attempt: AttemptID) -> any AttemptJournal {
        MemoryJournal(storage: storage, attempt: attempt)
    }

    public func journal(of attempt: AttemptID, after position: Int, limit: Int, kinds: JournalKinds) -> JournalPage {
        storage.look { contents in
            var page = JournalPage(entries: [], position: max(0, position))
            for entry in (contents.journals[attempt] ?? []).dropFirst(page.position) {
                if page.entries.count >= limit { break }
                page.position += 1
                if kinds.contains(entry.kind) { page.entries.append(entry) }
            }
            return page
        }
    }

    public func keepArtifact(_ file: URL, name: String, of attempt: AttemptID) throws -> Artifact {
        try storage.artifacts.keepArtifact(file, name: name, of: attempt)
    }

    public func artifacts(of attempt: AttemptID) throws -> [Artifact] { try storage.artifacts.artifacts(of: attempt) }
}

/// An attempt's journal in memory.
private final class MemoryJournal: AttemptJournal {
    private let storage: MemoryStorage
    private let attempt: AttemptID
    private let isClosed = Mutex(false)

    init(storage: MemoryStorage, attempt: AttemptID) {
        self.storage = storage
        self.attempt = attempt
    }

    func append(_ entry: JournalEntry) throws {
        try isClosed.withLock { isClosed in
            guard !isClosed else { throw StoreError("journal.closed", .fault, "The journal of \(attempt) is closed.") }
            storage.appendToJournal(of: attempt, entry)
        }
    }

    func close() { isClosed.withLock { $0 = true } }
}
