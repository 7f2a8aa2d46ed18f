import Foundation
import GRDB
import SluiceCore

extension SQLiteStore: CatalogueIndex {
    public func scripts() throws -> [Script] {
        try read { db in try Self.entries(db, "ORDER BY name", []).map(\.script) }
    }

    public func script(named name: String) throws -> Script? {
        try read { db in try Self.entries(db, "WHERE name = ?", [name]).first?.script }
    }

    public func entries(of source: String) throws -> [CatalogueEntry] {
        try read { db in try Self.entries(db, "WHERE source = ? ORDER BY name", [source]) }
    }

    public func apply(_ update: CatalogueUpdate) throws -> [String: String] {
        try writeTables { db in
            var catalogue = CatalogueTables(db: db)
            return try catalogue.apply(update)
        }
    }

    public func content(of hash: ContentHash) throws -> Data {
        let bytes = try read { db in
            try Data.fetchOne(
                db.cachedStatement(sql: "SELECT bytes FROM contents WHERE hash = ?"), arguments: [hash.hex])
        }
        guard let bytes else { throw StoreError.contentMissing(hash) }
        return bytes
    }

    public func pinSnapshot() throws -> CatalogueSnapshot {
        // The list has mostly not changed since the last pin; then this reads one row and writes nothing.
        let pinned = try read(CatalogueTables.currentPin(in:))
        if let pinned { return try snapshot(pinned) }
        let snapshot = try writeTables { db in
            var catalogue = CatalogueTables(db: db)
            return try catalogue.pin()
        }
        snapshots.withLock { $0 = snapshot }
        return snapshot
    }

    public func snapshot(_ id: ContentHash) throws -> CatalogueSnapshot {
        if let known = snapshots.withLock({ $0 }), known.id == id { return known }
        let manifest = try read { db in
            try Data.fetchOne(
                db.cachedStatement(sql: "SELECT manifest FROM snapshots WHERE id = ?"), arguments: [id.hex])
        }
        guard let manifest else { throw StoreError.snapshotMissing(id) }
        let snapshot = try CatalogueManifest.snapshot(from: manifest)
        guard snapshot.id == id else { throw StoreError.damaged("snapshot \(id.short) is not what was pinned") }
        snapshots.withLock { $0 = snapshot }
        return snapshot
    }

    public func sourceLocations() throws -> [String: String] {
        try read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT name, location FROM sources")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as String) })
        }
    }

    public func rememberSource(_ name: String, location: String) throws {
        try writeTables { db in
            try db.execute(
                sql: """
                    INSERT INTO sources VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET location = excluded.location
                    WHERE location <> excluded.location
                    """,
                arguments: [name, location])
        }
    }

    private static func entries(
        _ db: Database, _ filter: String, _ arguments: StatementArguments
    ) throws -> [CatalogueEntry] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: "SELECT name, kind, hash, size, source, modified, fingerprint FROM scripts \(filter)"),
            arguments: arguments)
        var entries: [CatalogueEntry] = []
        while let row = try rows.next() {
            let version = ScriptVersion(
                name: row[0], kind: ScriptKind(row[1] as String),
                hash: try known(ContentHash(hex: row[2]), "scripts.hash"), size: row[3])
            entries.append(
                CatalogueEntry(
                    script: Script(version: version, source: row[4], modified: Date(column: row[5])),
                    fingerprint: row[6]))
        }
        return entries
    }
}
