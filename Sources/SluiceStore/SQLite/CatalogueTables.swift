import Foundation
import GRDB
import SluiceCore

/// The catalogue's tables in one writing transaction.
struct CatalogueTables {
    let db: Database

    mutating func apply(_ update: CatalogueUpdate) throws -> [String: String] {
        var listChanged = false
        let remove = try db.cachedStatement(sql: "DELETE FROM scripts WHERE name = ? AND source = ?")
        for name in update.removed {
            try remove.execute(arguments: [name, update.source])
            if db.changesCount > 0 { listChanged = true }
        }

        let keep = try db.cachedStatement(sql: "INSERT OR IGNORE INTO contents (hash, bytes) VALUES (?, ?)")
        for (hash, bytes) in update.contents { try keep.execute(arguments: [hash.hex, bytes]) }

        var refused: [String: String] = [:]
        let find = try db.cachedStatement(sql: "SELECT source, kind, hash, size FROM scripts WHERE name = ?")
        let has = try db.cachedStatement(sql: "SELECT 1 FROM contents WHERE hash = ?")
        let put = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO scripts (name, kind, hash, size, source, modified, fingerprint)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for entry in update.put {
            let version = entry.script.version
            let listed = try Row.fetchOne(find, arguments: [version.name])
            if let owner = listed?[0] as String?, owner != update.source {
                refused[version.name] = owner
                continue
            }
            if update.contents[version.hash] == nil, try Int.fetchOne(has, arguments: [version.hash.hex]) == nil {
                throw StoreError.contentMissing(version.hash)
            }
            let isListed =
                listed.map { $0[1] == version.kind.rawValue && $0[2] == version.hash.hex && $0[3] == version.size }
                ?? false
            if !isListed { listChanged = true }
            try put.execute(arguments: [
                version.name, version.kind.rawValue, version.hash.hex, version.size, update.source,
                entry.script.modified.column, entry.fingerprint,
            ])
        }
        if listChanged { _ = try Counter.next("catalogue", in: db) }
        return refused
    }

    mutating func pin() throws -> CatalogueSnapshot {
        let rows = try Row.fetchCursor(db, sql: "SELECT name, kind, hash, size FROM scripts")
        var versions: [ScriptVersion] = []
        while let row = try rows.next() {
            versions.append(
                ScriptVersion(
                    name: row[0], kind: ScriptKind(row[1] as String),
                    hash: try known(ContentHash(hex: row[2]), "scripts.hash"), size: row[3]))
        }
        let snapshot = CatalogueSnapshot(versions)
        try db.execute(
            sql: "INSERT OR IGNORE INTO snapshots (id, manifest) VALUES (?, ?)",
            arguments: [snapshot.id.hex, CatalogueManifest.data(snapshot)])
        try db.execute(
            sql: "INSERT OR REPLACE INTO pinned_snapshot (row, catalogue, id) VALUES (1, ?, ?)",
            arguments: [try Counter.value("catalogue", in: db), snapshot.id.hex])
        return snapshot
    }

    /// The snapshot of the list as it stands, if that has been pinned.
    static func currentPin(in db: Database) throws -> ContentHash? {
        let id = try String.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT id FROM pinned_snapshot
                    WHERE catalogue = (SELECT value FROM counters WHERE name = 'catalogue')
                    """))
        return try id.map { try known(ContentHash(hex: $0), "pinned_snapshot.id") }
    }
}

/// A snapshot as the database holds it: a line a script, its fields separated by NUL, which no name can hold.
enum CatalogueManifest {
    static func data(_ snapshot: CatalogueSnapshot) -> Data {
        var bytes: [UInt8] = []
        for script in snapshot.scripts {
            bytes += script.name.utf8
            bytes.append(0)
            bytes += script.kind.rawValue.utf8
            bytes.append(0)
            bytes += script.hash.hex.utf8
            bytes.append(0)
            bytes += String(script.size).utf8
            bytes.append(0x0A)
        }
        return Data(bytes)
    }

    static func snapshot(from data: Data) throws -> CatalogueSnapshot {
        var scripts: [ScriptVersion] = []
        for line in [UInt8](data).split(separator: 0x0A) {
            let fields = line.split(separator: 0, omittingEmptySubsequences: false)
            guard fields.count == 4, let size = Int(String(decoding: fields[3], as: UTF8.self)),
                let hash = ContentHash(hex: String(decoding: fields[2], as: UTF8.self))
            else { throw StoreError.damaged("a catalogue snapshot cannot be read") }
            scripts.append(
                ScriptVersion(
                    name: String(decoding: fields[0], as: UTF8.self),
                    kind: ScriptKind(String(decoding: fields[1], as: UTF8.self)), hash: hash, size: size))
        }
        return CatalogueSnapshot(scripts)
    }
}
