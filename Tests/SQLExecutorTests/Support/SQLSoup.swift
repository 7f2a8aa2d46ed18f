/// Random bytes made of what is hardest to split.
struct SQLSoup {
    /// SplitMix64: a fixed seed gives the same cases on every machine.
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    static let fragments: [[UInt8]] =
        [
            ";", ";;", "'", "''", "\"", "\"\"", "`", "[", "]", "(", ")", "--", "/*", "*/", "/*+", "$", "$$", "$a$",
            "$A$", "$1",
            "E'", "e'", "\\", "\\'", "\n", "\r\n", "\r", "\t", " ", ".", "..", ",", "=", "=>", ":=", "::", "@", "@@",
            ":a", "?1",
            "#", "{", "}", "${", "${a}", "${a.b}", "${\"a;'\".b}", "${ a . b }", "${a", "a", "b.c", "SELECT", "USE",
            "CREATE", "TEMP", "TRIGGER", "BEGIN", "END", "CASE", "ATOMIC",
            "FUNCTION", "RULE", "OR", "REPLACE", "WITH", "INTO", "EXPLAIN", "1", "1.5", ".5", "1e", "1e+", "0x", "é",
            "日本",
            "👩‍💻", "\u{FEFF}", "PASSWORD", "'secret'", "Bearer ", "://u:p@",
        ].map { Array($0.utf8) } + [[0], [0x80], [0xC3], [0xFF], [0xEF, 0xBB], [0xE2, 0x82], [0x0B], [0x0C]]

    mutating func script(pieces: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<below(pieces + 1) {
            bytes += Self.fragments[below(Self.fragments.count)]
            if below(3) == 0 { bytes.append(0x20) }
        }
        return bytes
    }
}
