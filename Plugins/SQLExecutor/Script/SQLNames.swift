import SluiceCore

/// What the placeholders of a script may name.
struct SQLNames {
    var parameters: [String]
    /// The tasks upstream.
    var upstream: [String]

    /// Refuses a placeholder that names nothing.
    ///
    /// - Throws: ``SQLError`` `sql.placeholder-unknown`, with its place and what there is.
    func require(_ placeholder: SQLPlaceholder, of script: SQLScript) throws(SQLError) {
        let message: String
        switch placeholder.source {
        case .nominalTime: return
        case .parameter(let name):
            if parameters.contains(name) { return }
            if upstream.contains(name) {
                let task = PlaceholderPart.written(name)
                message = "'\(name)' is a task; write ${\(task).column} for a column of its value."
            } else {
                message =
                    "there is no parameter '\(name)'.\(Self.suggestion(name, parameters)) "
                    + Self.listed(parameters, "The parameters are", none: "The task has no parameters")
                    + "; and ${nominal_time} is always there."
            }
        case .column(_, let task):
            if upstream.contains(task) { return }
            message =
                "there is no task '\(task)' before this one.\(Self.suggestion(task, upstream)) "
                + Self.listed(upstream, "The tasks before it are", none: "No task comes before it") + "."
        }
        let position = script.position(of: placeholder.start)
        throw SQLError(code: "sql.placeholder-unknown", SQLScript.placed(position) + message, at: position)
    }

    /// ` Did you mean 'x'?`, or nothing.
    static func suggestion(_ name: String, _ known: [String]) -> String {
        let near = NameSuggestion.nearest(to: name, among: known)
        return near.isEmpty ? "" : " Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
    }

    /// What there is, at most forty of it.
    static func listed(_ names: [String], _ opening: String, none: String) -> String {
        guard !names.isEmpty else { return none }
        let shown = names.prefix(40).joined(separator: ", ")
        return "\(opening): \(shown)" + (names.count > 40 ? " and \(names.count - 40) more" : "")
    }
}
