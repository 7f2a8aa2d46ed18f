/// Takes secrets out of an installer's words.
struct Redaction: Sendable {
    /// What must never be shown, wherever it stands.
    private let secrets: [String]

    /// - Parameter urls: URLs whose credentials are secret.
    init(urls: [String]) {
        secrets = urls.flatMap { url -> [String] in
            guard let user = Self.credentials(in: url[...]) else { return [] }
            let parts = url[user].split(separator: ":", maxSplits: 1).map(String.init)
            // A short name would turn up in innocent words.
            return parts.filter { $0.utf8.count >= 6 }
        }
    }

    /// The text without credentials in its URLs, and without the secrets.
    func callAsFunction(_ text: String) -> String {
        var clean = ""
        var rest = text[...]
        while let user = Self.credentials(in: rest) {
            clean += rest[..<user.lowerBound] + "***"
            rest = rest[user.upperBound...]
        }
        clean += rest
        for secret in secrets { clean = clean.replacing(secret, with: "***") }
        return clean
    }

    /// Where the first `user:password` of a URL stands.
    private static func credentials(in text: Substring) -> Range<Substring.Index>? {
        var rest = text
        while let mark = rest.firstRange(of: "://") {
            rest = rest[mark.upperBound...]
            let authority = rest.prefix { !"/?# \t\"'<>".contains($0) }
            if let at = authority.lastIndex(of: "@") { return authority.startIndex..<at }
        }
        return nil
    }
}
