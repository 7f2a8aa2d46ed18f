import SluiceCore

/// A request that cannot be met, or the failure of what carries requests.
package struct RequestError: SluiceError, Hashable {
    package let code: String
    package let message: String
    package let category: ErrorCategory

    package init(_ code: String, _ category: ErrorCategory, _ message: String) {
        self.code = code
        self.category = category
        self.message = message
    }
}

extension RequestError {
    static func unknownRun(_ run: RunID) -> RequestError {
        RequestError("run.unknown", .notFound, "There is no run \(run). See 'sluice runs'.")
    }
}
