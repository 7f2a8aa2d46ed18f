import Foundation

/// Fits text that scripts and people wrote into the cells of a terminal.
enum DisplayText {
    /// `text` without anything that could move the cursor, change colours or turn the direction of text.
    static func safe(_ text: some StringProtocol) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(text) }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar == "\t", .lineSeparator, .paragraphSeparator: result.append(" ")
            case .control, .surrogate: if scalar == "\n" || scalar == "\r" { result.append(" ") }
            // Marks that turn the direction of what follows could make one name look like another.
            case .format where scalar != "\u{200D}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// How many cells `text` takes.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
    }

    /// `text` cut to `cells`, with `…` where something is missing.
    static func fit(_ text: String, _ cells: Int) -> String {
        guard cells > 0 else { return "" }
        guard width(text) > cells else { return text }
        var kept = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            let next = width(of: scalar)
            guard used + next < cells else { break }
            kept.append(scalar)
            used += next
        }
        return String(kept) + "…"
    }

    /// `text` with spaces behind it, or before it, up to `cells`.
    static func pad(_ text: String, _ cells: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, cells - width(text)))
        return right ? space + text : text + space
    }

    /// Cells of one scalar: the C library knows, except for what it does not.
    private static func width(of scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F ? 0 : 1 }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if properties.isEmojiPresentation { return 2 }
        switch scalar.value {
        // East Asian Wide and Fullwidth (Unicode UAX 11), the ranges that occur in names.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
