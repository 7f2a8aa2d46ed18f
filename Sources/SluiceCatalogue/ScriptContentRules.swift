import Foundation
import Glibc

/// Why some bytes cannot be a script.
struct ScriptContentProblem: Equatable {
    /// A stable identifier such as `script.too-large`.
    var code: String
    /// What is wrong and what to do, in the middle of a sentence.
    var reason: String
}

/// What bytes a script may have.
public enum ScriptContentRules {
    /// Largest script that is accepted when nobody says otherwise, in bytes.
    public static let defaultSizeLimit = 4 << 20

    static func sizeProblem(_ size: Int, limit: Int) -> ScriptContentProblem? {
        guard size > limit else { return nil }
        return ScriptContentProblem(
            code: "script.too-large",
            reason: "it has \(size) bytes and \(limit) are allowed; split it, or raise the limit")
    }

    /// UTF-8 with or without a byte order mark, no NUL, not above `limit` bytes.
    static func problem(_ bytes: Data, limit: Int) -> ScriptContentProblem? {
        if let problem = sizeProblem(bytes.count, limit: limit) { return problem }
        return bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, !raw.isEmpty else { return nil }
            if let place = memchr(base, 0, raw.count) {
                return ScriptContentProblem(
                    code: "script.not-text",
                    reason: "byte \(base.distance(to: place) + 1) is NUL, so it is no text; save it as UTF-8")
            }
            guard String(validating: raw, as: UTF8.self) != nil else {
                return ScriptContentProblem(
                    code: "script.not-text", reason: "it is not UTF-8; save it in that encoding")
            }
            return nil
        }
    }
}
