import Foundation

/// Durable jobs and drafts.
public protocol JobStore: Sendable {
    /// Writes a definition.
    ///
    /// - Parameters:
    ///   - status: a draft is always a new one; a saved job's name is unique.
    ///   - replacing: whether a saved job of that name gets a new version; else it is an error.
    /// - Throws: a ``SluiceError`` `job.exists` of category `conflict`.
    func save(
        _ definition: JobDefinition, as status: JobStatus, owner: String, replacing: Bool
    ) throws -> StoredJob

    /// Jobs and drafts, by name.
    func jobs(_ status: JobStatus?) throws -> [StoredJob]

    func job(_ id: JobID) throws -> StoredJob?

    /// The saved job of that name; when there is none, the newest draft of that name.
    func job(named name: String) throws -> StoredJob?
}

public enum JobStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case draft, saved
}

/// A job as it lies in a store.
public struct StoredJob: Sendable, Hashable, Codable {
    public var version: JobVersion
    public var status: JobStatus
    public var definition: JobDefinition
    public var owner: String
    public var createdAt: Date
    public var updatedAt: Date

    public init(
        version: JobVersion, status: JobStatus, definition: JobDefinition, owner: String, createdAt: Date,
        updatedAt: Date
    ) {
        self.version = version
        self.status = status
        self.definition = definition
        self.owner = owner
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    public var id: JobID { version.job }
}
