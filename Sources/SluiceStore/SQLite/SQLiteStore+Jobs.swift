import Foundation
import GRDB
import SluiceCore

extension SQLiteStore: JobStore {
    public func save(
        _ definition: JobDefinition, as status: JobStatus, owner: String, replacing: Bool
    ) throws -> StoredJob {
        let now = clock.now
        return try writeTables { db in
            let saved = try Self.jobs(db, "jobs.name = ? AND status = 'saved'", [definition.name]).first
            let job = try JobRules.saving(
                definition, as: status, owner: owner, replacing: replacing, over: saved, at: now,
                freshID: { JobID(try Counter.next("job", in: db)) })
            try db.execute(
                sql: """
                    INSERT INTO jobs (id, version, status, name, owner, created_at, updated_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at
                    """,
                arguments: [
                    job.id.rawValue, job.version.version, status.rawValue, definition.name, job.owner,
                    job.createdAt.column, job.updatedAt.column,
                ])
            try db.execute(
                sql: "INSERT INTO job_versions (job, version, definition, saved_at) VALUES (?, ?, ?, ?)",
                arguments: [job.id.rawValue, job.version.version, try JSONColumn.encode(definition), now.column])
            return job
        }
    }

    public func jobs(_ status: JobStatus?) throws -> [StoredJob] {
        try read { db in
            if let status { return try Self.jobs(db, "status = ?", [status.rawValue]) }
            return try Self.jobs(db, "TRUE", [])
        }
    }

    public func job(_ id: JobID) throws -> StoredJob? {
        try read { try Self.jobs($0, "jobs.id = ?", [id.rawValue]).first }
    }

    public func job(named name: String) throws -> StoredJob? {
        try read { db in
            let found = try Self.jobs(db, "jobs.name = ?", [name])
            return found.first { $0.status == .saved } ?? found.last
        }
    }

    /// Those that fulfil `condition`, by name, then oldest first.
    private static func jobs(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [StoredJob] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT jobs.id, jobs.version, status, definition, owner, created_at, updated_at
                FROM jobs JOIN job_versions ON job_versions.job = jobs.id AND job_versions.version = jobs.version
                WHERE \(condition) ORDER BY jobs.name, jobs.id
                """,
            arguments: arguments
        ).map { row in
            StoredJob(
                version: JobVersion(job: JobID(row[0] as Int64), version: row[1]),
                status: try known(JobStatus(rawValue: row[2]), "jobs.status"),
                definition: try JSONColumn.decode(JobDefinition.self, from: row[3]), owner: row[4],
                createdAt: Date(column: row[5]), updatedAt: Date(column: row[6]))
        }
    }
}
