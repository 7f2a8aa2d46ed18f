import Foundation
import SluiceCore

extension SQLiteStore: LogStore, ArtifactStore {
    public func openJournal(of attempt: AttemptID) throws -> any AttemptJournal {
        try journals.openJournal(of: attempt)
    }

    public func journal(of attempt: AttemptID, after position: Int, limit: Int, kinds: JournalKinds) throws
        -> JournalPage
    {
        try journals.journal(of: attempt, after: position, limit: limit, kinds: kinds)
    }

    public func keepArtifact(_ file: URL, name: String, of attempt: AttemptID) throws -> Artifact {
        try files.keepArtifact(file, name: name, of: attempt)
    }

    public func artifacts(of attempt: AttemptID) throws -> [Artifact] { try files.artifacts(of: attempt) }
}
