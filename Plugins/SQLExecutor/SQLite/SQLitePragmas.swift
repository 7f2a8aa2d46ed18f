/// Which pragmas a script may use.
///
/// What reads is allowed, and what changes only the script's own data or session. What would reach other sessions, the
/// process, the files' format or the guards of the session is refused, and so is whatever is not known here.
enum SQLitePragmas {
    enum Decision {
        case allowed
        /// Allowed, and lost with the connection: to be said again when a USE opens another.
        case allowedForSession
        case refused(String)
    }

    /// Answer questions; their argument is what they ask about.
    private static let questions: Set<String> = [
        "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
        "foreign_key_check", "integrity_check", "quick_check", "function_list", "module_list", "pragma_list",
        "collation_list", "database_list", "compile_options", "data_version", "page_count", "freelist_count", "stats",
    ]
    /// Do something to the schema's file that is its owner's to do.
    private static let actions: Set<String> = [
        "optimize", "analysis_limit", "wal_checkpoint", "incremental_vacuum", "user_version", "application_id",
        "auto_vacuum", "shrink_memory", "max_page_count", "schema_version",
    ]
    /// Settings of the session.
    private static let session: Set<String> = [
        "foreign_keys", "defer_foreign_keys", "ignore_check_constraints", "recursive_triggers", "case_sensitive_like",
        "cache_size", "cache_spill", "temp_store", "automatic_index", "query_only", "reverse_unordered_selects",
        "legacy_alter_table", "count_changes", "full_column_names", "short_column_names", "read_uncommitted",
        "secure_delete", "threads", "wal_autocheckpoint", "cell_size_check",
    ]
    /// May be asked, not set.
    private static let settings: Set<String> = [
        "journal_mode", "synchronous", "busy_timeout", "page_size", "encoding", "locking_mode", "journal_size_limit",
        "mmap_size", "trusted_schema", "checkpoint_fullfsync", "fullfsync",
    ]

    /// - Parameter name: lower case.
    static func decide(_ name: String, argument: String?) -> Decision {
        if questions.contains(name) { return .allowed }
        if name == "schema_version", argument != nil {
            return .refused("PRAGMA schema_version can be asked but not set by a script.")
        }
        if actions.contains(name) { return .allowed }
        if session.contains(name) { return argument == nil ? .allowed : .allowedForSession }
        if settings.contains(name) {
            guard argument != nil else { return .allowed }
            return .refused("PRAGMA \(name) can be asked but not set by a script: the connection's settings decide it.")
        }
        return .refused("PRAGMA \(name) is not for scripts.")
    }
}
