/// The naming rules of scripts (`blue.md`, *What Blue itself does*).
public enum ScriptNameRules {
    /// Longest name of a Workbench script, in characters, without `.sql`.
    public static let workbenchLimit = 128
    /// Longest path of a bucket script, in UTF-8 bytes: the limit of an S3 key.
    public static let bucketLimit = 1_024

    /// What is wrong with the name of a Workbench SQL script, or nil.
    ///
    /// Lower-case letters, digits and `_`, 1 to 128 characters; `.sql` is shown behind and is not part of it.
    public static func workbenchProblem(_ name: String) -> String? {
        if name.isEmpty { return "a script needs a name" }
        if name.count > workbenchLimit {
            return "the name has \(name.count) characters; \(workbenchLimit) are allowed"
        }
        let allowed = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
        return allowed ? nil : "use lower-case letters a-z, digits and _ only"
    }

    /// What is wrong with a script's path below its bucket's parent directory, or nil.
    ///
    /// A relative path with `/` between its parts, UTF-8, no empty, `.` or `..` part, no control character.
    public static func bucketProblem(_ path: String) -> String? {
        if path.isEmpty { return "a script needs a name" }
        if path.utf8.count > bucketLimit {
            return "the path has \(path.utf8.count) bytes; \(bucketLimit) are allowed"
        }
        if path.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "the path holds a control character"
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) {
            return "the path may not be absolute nor hold empty, '.' or '..' parts"
        }
        return nil
    }
}
