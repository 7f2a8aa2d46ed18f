import CSQLite
import Foundation
import SluiceCore

/// The folder that holds a connection's databases: `<root>/<database>/<schema>.db`.
///
/// Files are only for their owner (0600), folders too (0700).
struct SQLiteRoot: Sendable {
    let folder: URL

    static let defaultDatabase = "master"
    static let defaultSchema = "public"

    /// Makes the root with `master` and its `public`, as far as they are missing, and sweeps it once in a process.
    func prepare(now: Date = Date()) throws(SQLError) {
        sweepOnce(now: now)
        if exists(Self.defaultDatabase, Self.defaultSchema) { return }
        try makeFolder(folder, intermediate: true)
        if try !makeDatabase(Self.defaultDatabase) { _ = try makeFile(Self.defaultDatabase, Self.defaultSchema) }
    }

    // MARK: - What there is

    func path(_ database: String) -> URL { folder.appending(path: database, directoryHint: .isDirectory) }

    func path(_ database: String, _ schema: String) -> String {
        path(database).appending(path: schema + ".db", directoryHint: .notDirectory).path(percentEncoded: false)
    }

    func exists(_ database: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(
            atPath: path(database).path(percentEncoded: false), isDirectory: &isFolder)
            && isFolder.boolValue
    }

    func exists(_ database: String, _ schema: String) -> Bool { access(path(database, schema), F_OK) == 0 }

    /// Every database, sorted.
    func databases() throws(SQLError) -> [String] {
        try entries(folder).filter { SQLiteName.problem($0, what: .database) == nil && exists($0) }
    }

    /// Every schema of a database, sorted.
    func schemas(of database: String) throws(SQLError) -> [String] {
        try entries(path(database)).filter { $0.hasSuffix(".db") }.map { String($0.dropLast(3)) }
            .filter { SQLiteName.problem($0, what: .schema) == nil }
    }

    private func entries(_ folder: URL) throws(SQLError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
        } catch {
            throw SQLError(
                code: "sql.storage", category: .fault,
                "The folder \(folder.path(percentEncoded: false)) cannot be read: \(error.localizedDescription)",
                cause: error)
        }
    }

    /// The schema of `database` that SQLite would take `name` for: names differ only in case at most.
    func schema(called name: String, in database: String) throws(SQLError) -> String? {
        if exists(database, name) { return name }
        let wanted = name.utf8.map(\.lowered)
        return try schemas(of: database).first { $0.utf8.map(\.lowered) == wanted }
    }

    /// Refuses a database that does not exist, naming those that do.
    func requireDatabase(_ database: String) throws(SQLError) {
        if SQLiteName.problem(database, what: .database) == nil, exists(database) { return }
        let known = try databases().joined(separator: ", ")
        throw SQLError(
            code: "sql.unknown-database", category: .notFound,
            "There is no database '\(database)'. There are: \(known). CREATE DATABASE makes another.")
    }

    /// Refuses a schema that does not exist, naming those that do.
    func requireSchema(_ schema: String, of database: String) throws(SQLError) {
        try requireDatabase(database)
        if SQLiteName.problem(schema, what: .schema) == nil, exists(database, schema) { return }
        let known = try schemas(of: database)
        let list = known.isEmpty ? "It has none." : "It has: \(known.joined(separator: ", "))."
        throw SQLError(
            code: "sql.unknown-schema", category: .notFound,
            "Database '\(database)' has no schema '\(schema)'. \(list) CREATE SCHEMA makes another.")
    }

    // MARK: - Making

    /// Makes a database with its `public`; the name has been checked.
    ///
    /// - Parameter ifMissing: takes one of this name for made.
    func createDatabase(_ name: String, ifMissing: Bool = false) throws(SQLError) {
        if let same = try databases().first(where: { $0.utf8.map(\.lowered) == name.utf8.map(\.lowered) }) {
            if ifMissing, same == name { return }
            throw Self.duplicate("database", name, same)
        }
        if try !makeDatabase(name), !ifMissing { throw Self.duplicate("database", name, name) }
    }

    /// Makes a schema in an existing database; the name has been checked.
    ///
    /// - Parameter ifMissing: takes one of this name for made.
    func createSchema(_ name: String, in database: String, ifMissing: Bool = false) throws(SQLError) {
        if let same = try schema(called: name, in: database) {
            if ifMissing, same == name { return }
            throw Self.duplicate("schema", name, same)
        }
        if try !makeFile(database, name), !ifMissing { throw Self.duplicate("schema", name, name) }
    }

    // MARK: - Dropping

    /// Removes a database whose files the caller holds. It disappears at once; what a crash leaves has a hidden name.
    func removeDatabase(_ name: String) throws(SQLError) {
        let hidden = path(Self.droppedName())
        do {
            try FileManager.default.moveItem(at: path(name), to: hidden)
            try FileManager.default.removeItem(at: hidden)
        } catch {
            throw SQLError(
                code: "sql.storage", category: .fault,
                "The database '\(name)' cannot be removed: \(error.localizedDescription)", cause: error)
        }
    }

    /// Removes a schema whose file the caller holds.
    func removeSchema(_ name: String, of database: String) throws(SQLError) {
        let path = path(database, name)
        guard unlink(path) == 0 else {
            throw SQLError(
                code: "sql.storage", category: .fault,
                "The file \(path) cannot be removed: \(String(cString: strerror(errno))).")
        }
    }

    private static func duplicate(_ what: String, _ name: String, _ same: String) -> SQLError {
        let reason =
            name == same
            ? "The \(what) '\(name)' exists already."
            : "The \(what) '\(same)' exists already; SQLite takes no notice of case in names."
        return SQLError(
            code: "sql.duplicate-\(what)", category: .conflict, "\(reason) Write CREATE … IF NOT EXISTS to allow that.")
    }

    private func makeFolder(_ url: URL, intermediate: Bool) throws(SQLError) {
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: intermediate, attributes: [.posixPermissions: 0o700])
        } catch {
            // Another session may have been quicker.
            var isFolder: ObjCBool = false
            let path = url.path(percentEncoded: false)
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
            throw SQLError(
                code: "sql.storage", category: .fault,
                "The folder \(path) cannot be made: \(error.localizedDescription)", cause: error)
        }
    }

    /// Makes a database's folder with `public` in it, under a hidden name first: nobody ever sees half of one.
    ///
    /// - Returns: false when another session has made it first.
    private func makeDatabase(_ name: String) throws(SQLError) -> Bool {
        let draft = Self.draftName()
        var isDraft = true
        defer { if isDraft { discard(path(draft)) } }
        try makeFolder(path(draft), intermediate: false)
        _ = try makeFile(draft, Self.defaultSchema)
        let status = rename(path(draft).path(percentEncoded: false), path(name).path(percentEncoded: false))
        let reason = errno
        if status == 0 {
            isDraft = false
            try sync(folder)
            return true
        }
        if exists(name) { return false }
        throw SQLError(
            code: "sql.storage", category: .fault,
            "The database '\(name)' cannot be made: \(String(cString: strerror(reason))).")
    }

    /// Makes what a folder lists durable.
    private func sync(_ folder: URL) throws(SQLError) {
        let path = folder.path(percentEncoded: false)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw SQLError(
                code: "sql.storage", category: .fault,
                "The folder \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    /// Makes a schema's file, in WAL mode from its first byte, under another name first: nobody ever opens half of one.
    ///
    /// - Returns: false when another session has made it first.
    private func makeFile(_ database: String, _ schema: String) throws(SQLError) -> Bool {
        let path = path(database, schema)
        // The draft's name does not hold the schema's, which may be as long as a file system allows.
        let draft = self.path(database).appending(path: Self.draftName()).path(percentEncoded: false)
        func failed(_ reason: String) -> SQLError {
            SQLError(code: "sql.storage", category: .fault, "The file \(path) cannot be made: \(reason)")
        }
        let descriptor = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed(String(cString: strerror(errno))) }
        close(descriptor)
        defer { Self.discard(draft: draft) }
        var handle: OpaquePointer?
        var status = sqlite3_open_v2(draft, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        if status == SQLITE_OK { status = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nil, nil, nil) }
        let reason = String(cString: sqlite3_errmsg(handle))
        sqlite3_close_v2(handle)
        guard status == SQLITE_OK else { throw failed(reason) }
        // Unlike a rename, a link never replaces what another session has just made.
        guard link(draft, path) == 0 else {
            if errno == EEXIST { return false }
            throw failed(String(cString: strerror(errno)))
        }
        try sync(self.path(database))
        return true
    }
}

/// Names of databases and schemas: what a file system and SQLite can both bear.
enum SQLiteName {
    enum What: String { case database, schema }

    static func problem(_ name: String, what: What) -> String? {
        if let problem = SQLIdentifier.problem(name, quoted: false, dialect: .sqlite) { return problem }
        // A file name has at most 255 bytes, SQLite's own endings included.
        if name.utf8.count > 220 { return "it has \(name.utf8.count) bytes in UTF-8, and 220 are allowed" }
        if name.hasPrefix(".") { return "it begins with a dot" }
        if name.unicodeScalars.contains(where: { $0 == "/" || $0.value < 0x20 || $0.value == 0x7F }) {
            return "it holds a / or a control character"
        }
        let folded = String(decoding: name.utf8.map(\.lowered), as: UTF8.self)
        if what == .schema, folded == "main" || folded == "temp" { return "SQLite keeps this name for itself" }
        return nil
    }

    static func require(_ name: String, what: What) throws(SQLError) {
        guard let problem = problem(name, what: what) else { return }
        throw SQLError(code: "sql.bad-name", "'\(name)' cannot be the name of a \(what.rawValue): \(problem).")
    }
}
