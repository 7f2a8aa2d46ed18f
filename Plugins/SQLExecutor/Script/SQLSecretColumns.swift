import SluiceCore

/// Follows lists of columns and the rows of values behind them: `INSERT INTO c(u, password) VALUES ('bob', '…')`.
///
/// Fed with every token that is no comment; answers whether a token stands in a column that a secret's name heads.
struct SQLSecretColumns {
    /// For every column of the last list that names a secret: whether it does.
    private var columns: [Bool] = []
    /// The list being read, which ends up in `columns` when it holds names alone; nil when it cannot.
    private var list: [Bool]?
    private var state = State.outside
    private var depth = 0
    /// How many parentheses are open around the columns of the row being read, and which column that is.
    private var rowDepth = 0
    private var column = 0

    private enum State {
        case outside
        /// Behind VALUES or a row's comma.
        case beforeRow
        case row
        /// Behind a row of VALUES.
        case behindRow
        /// `(u, password) SELECT …`, up to its FROM.
        case select
    }

    /// Whether the token, if it is a literal, is a secret by its column.
    mutating func read(
        _ token: SQLToken, after previous: SQLToken, _ second: SQLToken, in bytes: Span<UInt8>
    ) -> Bool {
        switch token.kind {
        case .openParenthesis:
            open(isAssigned: previous.kind == .assignment && second.kind == .closeParenthesis)
        case .closeParenthesis:
            close()
        case .symbol where bytes[token.start] == UInt8(ascii: ","):
            comma()
        case .word, .quotedIdentifier, .string, .number:
            return readItem(token, after: previous, in: bytes)
        case .semicolon:
            self = SQLSecretColumns()
        case .dollarString, .unterminatedDollarString, .unterminatedString:
            list = nil
            return isInSecretColumn
        default:
            list = nil
        }
        return false
    }

    private var isInSecretColumn: Bool {
        (state == .row || state == .select) && column < columns.count && columns[column]
    }

    private mutating func open(isAssigned: Bool) {
        depth += 1
        if state == .beforeRow || (state == .outside && isAssigned && !columns.isEmpty) {
            state = .row
            rowDepth = depth
            column = 0
        }
        list = state == .row || state == .select ? nil : []
    }

    private mutating func close() {
        if let list, list.contains(true) { columns = list }
        list = nil
        if state == .row, depth == rowDepth { state = .behindRow }
        if state == .select, depth == rowDepth { state = .outside }
        depth = max(0, depth - 1)
    }

    private mutating func comma() {
        switch state {
        case .behindRow: state = .beforeRow
        case .row, .select: if depth == rowDepth { column += 1 }
        case .outside, .beforeRow: break
        }
    }

    private mutating func readItem(_ token: SQLToken, after previous: SQLToken, in bytes: Span<UInt8>) -> Bool {
        if token.kind == .word {
            if token.spells("values", in: bytes), !columns.isEmpty {
                state = .beforeRow
            } else if token.spells("select", in: bytes), previous.kind == .closeParenthesis, !columns.isEmpty {
                state = .select
                rowDepth = depth
                column = 0
            } else if state == .behindRow || (state == .select && token.spells("from", in: bytes)) {
                state = .outside
            }
        }
        switch previous.kind {
        case .openParenthesis, .symbol:
            if token.kind == .number { list = nil } else { list?.append(SQLSecrets.names(token, in: bytes)) }
        default: list = nil
        }
        return token.kind != .word && isInSecretColumn
    }
}
