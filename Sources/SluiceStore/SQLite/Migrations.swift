import GRDB
import SluiceCore

/// The tables, as they came to be. A migration never changes once it has shipped: a later one puts it right.
///
/// Times are seconds since 2001-01-01 UTC as floating-point numbers, Foundation's own, so that every date comes back
/// as exactly the date that was stored. For a person: `datetime(at + 978307200, 'unixepoch')`.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (identifier, migration) in list { migrator.registerMigration(identifier, migrate: migration) }
        return migrator
    }

    static var identifiers: [String] { list.map(\.0) }

    private static let list: [(String, @Sendable (Database) throws -> Void)] = [
        ("1 runs, jobs, catalogue", first),
        ("2 graphs, limits, queues", second),
        ("3 schedules", third),
    ]

    private static func third(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO counters VALUES ('schedule', 0);
                -- A job that is deleted keeps its schedules, whose occurrences then say why they do not start.
                CREATE TABLE schedules (
                    id INTEGER PRIMARY KEY,
                    -- Counted up by every write, so that no decision is written about what has changed meanwhile.
                    version INTEGER NOT NULL,
                    job INTEGER NOT NULL, owner TEXT NOT NULL, trigger TEXT NOT NULL,
                    -- What the trigger waits for, when it is not the clock.
                    after_job INTEGER, objects INTEGER NOT NULL,
                    state TEXT NOT NULL, backfills TEXT, next_check REAL,
                    created_at REAL NOT NULL, updated_at REAL NOT NULL
                );
                CREATE INDEX schedules_due ON schedules (next_check) WHERE next_check IS NOT NULL;
                CREATE INDEX schedules_by_job ON schedules (job, id);
                CREATE INDEX schedules_after_job ON schedules (after_job) WHERE after_job IS NOT NULL;
                CREATE INDEX schedules_of_objects ON schedules (id) WHERE objects = 1;

                -- By nominal times, so that each occurrence is there once.
                CREATE TABLE occurrences (
                    schedule INTEGER NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
                    first REAL NOT NULL, last REAL NOT NULL, count INTEGER NOT NULL,
                    outcome TEXT NOT NULL, reason TEXT, detail TEXT, run INTEGER, backfill INTEGER,
                    settled INTEGER NOT NULL, decided_at REAL NOT NULL,
                    PRIMARY KEY (schedule, first, last)
                ) WITHOUT ROWID;
                CREATE INDEX occurrences_open ON occurrences (schedule, first) WHERE run IS NOT NULL AND settled = 0;
                CREATE INDEX occurrences_awaiting ON occurrences (run) WHERE run IS NOT NULL AND settled = 0;
                CREATE INDEX occurrences_waiting ON occurrences (schedule, first) WHERE outcome = 'waiting';
                """)
    }

    private static func second(_ db: Database) throws {
        try db.execute(
            sql: """
                -- Whether it waits for other runs of its job; why its time is over; the worker it lives and dies with.
                ALTER TABLE runs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE runs ADD COLUMN overtime TEXT;
                ALTER TABLE runs ADD COLUMN attached_to TEXT;
                ALTER TABLE runs ADD COLUMN rerun_of INTEGER;
                -- When it has to be looked at although nothing happens to it.
                ALTER TABLE runs ADD COLUMN due_at REAL;
                CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
                CREATE INDEX runs_open ON runs (job_id, id) WHERE status IN ('pending', 'running');

                ALTER TABLE task_runs ADD COLUMN first_ready_at REAL;
                -- Its place in the order of its pool's queue.
                ALTER TABLE task_runs ADD COLUMN rank REAL;
                -- What few task runs have: past attempts, a for-each's element, why it is stopping, where it resumes.
                ALTER TABLE task_runs ADD COLUMN extra TEXT;
                UPDATE task_runs SET first_ready_at = ready_at, rank = 0 WHERE ready_at IS NOT NULL;
                DROP INDEX task_runs_ready;
                DROP INDEX task_runs_running;
                CREATE INDEX task_runs_ready ON task_runs (pool, rank, run, position, kind, ready_at)
                    WHERE state = 'pending' AND ready_at IS NOT NULL;
                CREATE INDEX task_runs_running ON task_runs (pool, waits_for_slot)
                    WHERE state = 'running' AND token IS NOT NULL;

                ALTER TABLE pools ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE pools ADD COLUMN queue_limit REAL;
                ALTER TABLE pools ADD COLUMN attempt_limit REAL;
                ALTER TABLE pools ADD COLUMN total_limit REAL;
                -- What each attempt may take of the machine, as JSON.
                ALTER TABLE pools ADD COLUMN resources TEXT;
                -- How far each pool's queue has come, and where the next task of each job stands in it.
                CREATE TABLE queues (pool TEXT PRIMARY KEY, position REAL NOT NULL) WITHOUT ROWID;
                CREATE TABLE queue_flows (
                    pool TEXT NOT NULL, flow TEXT NOT NULL, next_rank REAL NOT NULL, PRIMARY KEY (pool, flow)
                ) WITHOUT ROWID;
                CREATE INDEX queue_flows_by_rank ON queue_flows (pool, next_rank);
                """)
    }

    private static func first(_ db: Database) throws {
        try db.execute(
            sql: """
                -- The last value that was given out, by name: never given out again.
                CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                INSERT INTO counters VALUES ('run', 0), ('token', 0), ('job', 0), ('catalogue', 0);

                CREATE TABLE pools (
                    name TEXT PRIMARY KEY, slots INTEGER NOT NULL, is_default INTEGER NOT NULL
                ) WITHOUT ROWID;

                CREATE TABLE runs (
                    id INTEGER PRIMARY KEY,
                    -- Counted up by every write to the run or its tasks, so that a handle knows if its copy is current.
                    version INTEGER NOT NULL,
                    idempotency_key TEXT UNIQUE,
                    job_id INTEGER, job_version INTEGER, job_name TEXT NOT NULL,
                    trigger TEXT NOT NULL, initiator TEXT NOT NULL, nominal_time REAL NOT NULL, snapshot TEXT NOT NULL,
                    status TEXT NOT NULL, reason TEXT, stopped_by TEXT,
                    submitted_at REAL NOT NULL, started_at REAL, ended_at REAL,
                    definition TEXT NOT NULL, parameters TEXT NOT NULL
                );
                CREATE INDEX runs_by_job ON runs (job_name, id);
                CREATE INDEX runs_by_status ON runs (status, id);

                CREATE TABLE task_runs (
                    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
                    position INTEGER NOT NULL,
                    task INTEGER NOT NULL, element INTEGER, name TEXT NOT NULL, kind TEXT NOT NULL,
                    state TEXT NOT NULL, reason TEXT, attempt INTEGER NOT NULL,
                    pool TEXT NOT NULL, waits_for_slot INTEGER NOT NULL,
                    ready_at REAL, started_at REAL, ended_at REAL,
                    worker TEXT, token INTEGER, expires REAL, begun INTEGER NOT NULL,
                    value TEXT, failure TEXT, pinned TEXT NOT NULL,
                    PRIMARY KEY (run, position)
                ) WITHOUT ROWID;
                CREATE INDEX task_runs_ready ON task_runs (pool, ready_at, run, position, kind)
                    WHERE state = 'pending' AND ready_at IS NOT NULL;
                CREATE INDEX task_runs_running ON task_runs (pool, waits_for_slot) WHERE state = 'running';

                CREATE TABLE events (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    at REAL NOT NULL, run INTEGER NOT NULL, what TEXT NOT NULL,
                    status TEXT, task INTEGER, attempt INTEGER, detail TEXT
                );
                CREATE INDEX events_by_run ON events (run, sequence);

                CREATE TABLE jobs (
                    id INTEGER PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL,
                    owner TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL
                );
                CREATE UNIQUE INDEX jobs_saved ON jobs (name) WHERE status = 'saved';
                CREATE INDEX jobs_by_name ON jobs (name, id);
                CREATE TABLE job_versions (
                    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, version INTEGER NOT NULL,
                    definition TEXT NOT NULL, saved_at REAL NOT NULL,
                    PRIMARY KEY (job, version)
                ) WITHOUT ROWID;

                CREATE TABLE contents (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL);
                CREATE TABLE scripts (
                    name TEXT PRIMARY KEY, kind TEXT NOT NULL, hash TEXT NOT NULL REFERENCES contents (hash),
                    size INTEGER NOT NULL, source TEXT NOT NULL, modified REAL NOT NULL, fingerprint TEXT
                ) WITHOUT ROWID;
                CREATE INDEX scripts_by_source ON scripts (source);
                CREATE TABLE snapshots (id TEXT PRIMARY KEY, manifest BLOB NOT NULL);
                -- One row: the snapshot of the list as it stood at a value of the counter 'catalogue'.
                CREATE TABLE pinned_snapshot (
                    row INTEGER PRIMARY KEY CHECK (row = 1), catalogue INTEGER NOT NULL,
                    id TEXT NOT NULL REFERENCES snapshots (id)
                );
                CREATE TABLE sources (name TEXT PRIMARY KEY, location TEXT NOT NULL) WITHOUT ROWID;
                """)
        let pool = PoolRules.initial
        try db.execute(
            sql: "INSERT INTO pools (name, slots, is_default) VALUES (?, ?, ?)",
            arguments: [pool.name, pool.slots, pool.isDefault])
    }
}
