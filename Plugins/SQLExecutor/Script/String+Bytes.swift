extension String {
    /// The text with every occurrence of `part` replaced, compared byte by byte.
    ///
    /// Swift's own `replacing` compares characters, and finds no quote or secret that has a combining accent behind it.
    func replacing(bytes part: String, with replacement: String) -> String {
        guard !part.isEmpty else { return self }
        return String(
            decoding: Array(utf8).replacing(Array(part.utf8), with: Array(replacement.utf8)), as: UTF8.self)
    }
}
