import SluiceCore

/// A fault of the store or its data folder.
public struct StoreError: SluiceError {
    public let code: String
    public let message: String
    public let category: ErrorCategory
    public let cause: (any Error)?

    init(_ code: String, _ category: ErrorCategory, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.category = category
        self.cause = cause
    }
}

extension StoreError {
    /// The disk is full; `place` is what could not be written.
    static func diskFull(_ place: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(
            "disk.full", .fault,
            "The disk is full: \(place) could not be written. Free some space there, then do it again.", cause: cause)
    }

    /// The folder or something in it cannot be written.
    static func readOnly(_ path: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(
            "folder.read-only", .fault,
            "The data folder \(path) cannot be written. Give this user the right to write there, or name another "
                + "data folder.",
            cause: cause)
    }

    /// The folder was written by a later version of the program.
    static func newerVersion(_ path: String, found: Int, known: Int) -> StoreError {
        StoreError(
            "folder.newer-version", .conflict,
            "The data folder \(path) has format \(found); this version of Sluice knows formats up to \(known). "
                + "Use the newer Sluice that wrote it, or name another data folder. Nothing was changed.")
    }

    static func unknownPool(_ name: String, known: [String]) -> StoreError {
        StoreError(
            "pool.unknown", .notFound,
            "There is no pool '\(name)'. There is: \(known.sorted().joined(separator: ", ")).")
    }

    static func contentMissing(_ hash: ContentHash) -> StoreError {
        StoreError(
            "catalogue.content-missing", .notFound,
            "The catalogue has no content \(hash.short). Sync the sources again.")
    }

    static func snapshotMissing(_ id: ContentHash) -> StoreError {
        StoreError("catalogue.snapshot-missing", .notFound, "The catalogue has no snapshot \(id.short).")
    }

    static func jobExists(_ name: String) -> StoreError {
        StoreError(
            "job.exists", .conflict,
            "There is a saved job '\(name)' already. Save it as a new version of that job or give it another name.")
    }

    static func closed() -> StoreError {
        StoreError("store.closed", .fault, "The store is closed; open it again.")
    }
}
