import SluiceCore

/// A fault of a script source or of a script in it.
public struct CatalogueError: SluiceError {
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

extension CatalogueError {
    static func sourceNotFound(_ source: String, _ path: String) -> CatalogueError {
        CatalogueError(
            "source.not-found", .notFound,
            "The folder \(path) of the source '\(source)' is not there. Make it, or name the folder where the scripts "
                + "are now.")
    }

    static func sourceNotAFolder(_ source: String, _ path: String) -> CatalogueError {
        CatalogueError(
            "source.not-a-folder", .badInput,
            "\(path), named as the source '\(source)', is not a folder. Name the folder that holds the scripts.")
    }

    /// The place cannot be listed at the moment, or not by this user.
    static func sourceUnreadable(_ source: String, _ path: String, _ failure: SystemFailure) -> CatalogueError {
        CatalogueError(
            "source.unreadable", .fault,
            "\(path) of the source '\(source)' cannot be read: \(failure.reason). Mend that and sync again; nothing "
                + "was changed.",
            cause: failure)
    }

    /// One script cannot be read; the others can.
    static func scriptUnreadable(_ name: String, _ reason: String) -> CatalogueError {
        CatalogueError("script.unreadable", .badInput, "\(name) cannot be read: \(reason).")
    }

    static func reservedSource(_ name: String) -> CatalogueError {
        CatalogueError(
            "source.reserved-name", .badInput,
            "'\(name)' is the name under which saved scripts are listed; a synced source needs another name.")
    }

    static func scriptName(_ name: String, _ problem: String) -> CatalogueError {
        CatalogueError("script.name", .badInput, "'\(name)' cannot be the name of a Workbench script: \(problem).")
    }

    static func scriptContent(_ name: String, _ problem: ScriptContentProblem) -> CatalogueError {
        CatalogueError(problem.code, .badInput, "\(name) cannot be saved: \(problem.reason).")
    }

    static func ownedElsewhere(_ name: String, _ owner: String) -> CatalogueError {
        CatalogueError(
            "script.owned-elsewhere", .conflict,
            "\(name) belongs to the source '\(owner)'. Change it there and sync, or take another name.")
    }

    static func unknownScript(_ name: String) -> CatalogueError {
        CatalogueError("script.unknown", .notFound, "There is no saved script \(name).")
    }
}
