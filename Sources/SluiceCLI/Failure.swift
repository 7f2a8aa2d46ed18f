import ArgumentParser
import Foundation
import Sluice

/// How a command ends: the exit codes that scripts rely on.
enum ExitStatus: Int32 {
    case succeeded = 0
    case jobFailed = 1
    case badInput = 2
    case engineFault = 3
}

/// The job ran and failed; everything about it has been printed.
struct JobFailed: Error {}

/// Something of the installation is broken; what, has been printed.
struct InstallationBroken: Error {}

/// Bad usage that the argument parser cannot see.
struct UsageError: SluiceError {
    let code: String
    let message: String
    var category: ErrorCategory { .badInput }

    init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// A fault that no part of Sluice has given words to.
struct UnexpectedError: SluiceError {
    let cause: (any Error)?

    var code: String { "internal.fault" }
    var message: String { "Something failed that should not" }
    var category: ErrorCategory { .fault }
}

enum Failure {
    /// Prints `error` on standard error, unless it is a request for help.
    ///
    /// - Returns: the exit status.
    static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        if error is JobFailed { return ExitStatus.jobFailed.rawValue }
        if error is InstallationBroken { return ExitStatus.engineFault.rawValue }
        if let error = error as? any SluiceError {
            let status: ExitStatus = error.category == .fault || isAboutTheEngine(error) ? .engineFault : .badInput
            write(error, asJSON: asJSON)
            return status.rawValue
        }
        let status = SluiceCommand.exitCode(for: error)
        guard !status.isSuccess else {
            Output.standard.write(SluiceCommand.fullMessage(for: error) + "\n")
            return ExitStatus.succeeded.rawValue
        }
        guard status == .validationFailure else {
            write(UnexpectedError(cause: error), asJSON: asJSON)
            return ExitStatus.engineFault.rawValue
        }
        if asJSON {
            write(UsageError("usage.invalid", SluiceCommand.message(for: error)), asJSON: true)
        } else {
            Output.error.write(SluiceCommand.fullMessage(for: error) + "\n")
        }
        return ExitStatus.badInput.rawValue
    }

    /// A folder that is in use or too new, or a server of another version, is no mistake in what was typed.
    private static func isAboutTheEngine(_ error: any SluiceError) -> Bool {
        error.code.hasPrefix("folder.") || error.code.hasPrefix("server.")
    }

    private static func write(_ error: any SluiceError, asJSON: Bool) {
        if asJSON {
            Output.error.write(ErrorDocument(error).json)
        } else {
            let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
            let style = Output.error.style
            Output.error.write(style.red("Error:") + " " + lines.joined(separator: "\n       ") + "\n")
        }
    }
}
