import SluiceCore

/// One requirement of a script (PEP 508), as far as it must be understood here: the installer understands the rest.
struct Requirement: Sendable, Hashable {
    /// As the script has it.
    let text: String
    /// Its package's name, normalised: lower case, single hyphens (PEP 503).
    let name: String
    /// What decides which environment it needs: equal requirements in other words have the same one, mostly.
    let canonical: String
    /// Whether it names a place instead of versions: `name @ https://…`.
    let isDirect: Bool

    /// Reads a requirement, and refuses what an installer would take for something else than one.
    ///
    /// - Returns: nil when it is none.
    init?(_ text: String) {
        let trimmed = text.trimmingBlanks
        let letters = Array(trimmed.utf8)
        let length = letters.prefix { $0.isNamePart }.count
        guard length > 0, letters[0].isLetterOrDigit, letters[length - 1].isLetterOrDigit else { return nil }
        let rest = String(decoding: letters[length...], as: UTF8.self).trimmingBlanks
        guard Self.isHarmless(trimmed), Self.isRest(rest) else { return nil }
        self.text = trimmed
        name = Self.normalised(String(decoding: letters[..<length], as: UTF8.self))
        isDirect = rest.drop { $0 != "@" && $0 != ";" }.first == "@"
        let parts = rest.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        let versions = parts[0].filter { !$0.isWhitespace }
        canonical = name + versions + (parts.count > 1 ? ";" + String(parts[1]).trimmingBlanks : "")
    }

    /// A package's name as PEP 503 compares it.
    static func normalised(_ name: String) -> String {
        name.lowercased().split { $0 == "-" || $0 == "_" || $0 == "." }.joined(separator: "-")
    }

    /// Requirements reach the installer in a file of lines, in which some characters mean more than they say.
    private static func isHarmless(_ text: String) -> Bool {
        guard text.utf8.count <= 4_096, !text.contains("${"), !text.contains("\\"), !text.contains(" #") else {
            return false
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else { return false }
        // The beginning of an option.
        return text.split(separator: " ").allSatisfy { !$0.hasPrefix("-") }
    }

    /// Whether this can stand behind a name: extras, then versions or a place, then a marker.
    private static func isRest(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return false }
            let extras = rest[rest.index(after: rest.startIndex)..<end]
            guard extras.utf8.allSatisfy({ $0.isNamePart || $0 == 0x2C || $0 == 0x20 }) else { return false }
            rest = Substring(String(rest[rest.index(after: end)...]).trimmingBlanks)
        }
        if rest.first == "@" {
            let place = String(rest.dropFirst()).trimmingBlanks.split(separator: " ").first ?? ""
            return place.contains(":") && (place.first?.isLetter ?? false)
        }
        var versions = String(rest.prefix { $0 != ";" }).trimmingBlanks[...]
        if versions.hasPrefix("("), versions.hasSuffix(")") { versions = versions.dropFirst().dropLast() }
        guard !versions.isEmpty else { return true }
        return versions.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
            let part = String(part).trimmingBlanks
            let comparison = part.prefix { "<>=!~".contains($0) }
            let version = String(part.dropFirst(comparison.count)).trimmingBlanks
            return ["<", "<=", "!=", "==", ">=", ">", "~=", "==="].contains(comparison) && !version.isEmpty
                && version.utf8.allSatisfy { $0.isNamePart || $0 == 0x2A || $0 == 0x2B || $0 == 0x21 }
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }

    /// A character of a package's name.
    fileprivate var isNamePart: Bool { isLetterOrDigit || self == 0x2D || self == 0x2E || self == 0x5F }
}

extension String {
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
