import Glibc
import SluiceCore

/// A system call that failed.
struct POSIXFailure: Error, CustomStringConvertible {
    var errno: Int32
    var call: String

    var description: String { "\(call): \(String(cString: strerror(errno)))" }

    /// In the person's words; `path` is what could not be read or written.
    func storeError(_ path: String) -> StoreError {
        switch errno {
        case ENOSPC, EDQUOT: .diskFull(path, cause: self)
        case EROFS, EACCES, EPERM: .readOnly(path, cause: self)
        default:
            StoreError(
                "folder.unusable", .fault,
                "\(path) cannot be used: \(String(cString: strerror(errno))). Mend that, or name another data folder.",
                cause: self)
        }
    }
}
