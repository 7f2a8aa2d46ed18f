import Foundation
import Glibc
import SluiceCore

/// One walk through a folder of scripts.
///
/// Straight on the system's calls: a sync of 5,000 unchanged scripts is this walk and little else.
struct DirectoryWalk {
    /// A folder that is still to be read.
    private struct Folder {
        /// Below the root, with `/` behind; empty for the root.
        var prefix: String
        /// Whether a link led here.
        var isLinked: Bool
    }

    private struct Entry {
        var name: String
        var type: Int32
    }

    let source: String
    /// Canonical, without a slash behind.
    let root: String
    let layout: DirectorySource.Layout
    /// Kinds by file extension, lower case.
    let kinds: [String: ScriptKind]
    let now: Date
    private var listing = SourceListing()
    private var open: [Folder] = []

    init(source: String, root: String, layout: DirectorySource.Layout, kinds: [String: ScriptKind], now: Date) {
        self.source = source
        self.root = root
        self.layout = layout
        self.kinds = kinds
        self.now = now
    }

    /// - Throws: ``CatalogueError`` `source.…` when the root cannot be read, or the machine fails.
    mutating func run() throws(CatalogueError) -> SourceListing {
        open = [Folder(prefix: "", isLinked: false)]
        while let folder = open.popLast() { try read(folder) }
        return listing
    }

    private mutating func read(_ folder: Folder) throws(CatalogueError) {
        let path = root + "/" + folder.prefix
        guard let handle = opendir(path) else {
            let failure = SystemFailure("opendir", errno)
            if folder.prefix.isEmpty {
                if failure.errno == ENOTDIR { throw .sourceNotAFolder(source, root) }
                throw .sourceUnreadable(source, path, failure)
            }
            switch failure.errno {
            case ENOENT, ENOTDIR: return
            case EACCES, EPERM: refuse(folder.prefix, "this user may not read the folder")
            default: throw .sourceUnreadable(source, path, failure)
            }
            return
        }
        defer { closedir(handle) }
        let descriptor = dirfd(handle)
        while true {
            errno = 0
            guard let raw = readdir(handle) else {
                guard errno == 0 else { throw .sourceUnreadable(source, path, SystemFailure("readdir", errno)) }
                return
            }
            guard let entry = entry(raw, in: folder) else { continue }
            try take(entry, in: folder, descriptor)
        }
    }

    /// The entry, unless it is one of those that are passed over.
    private mutating func entry(_ raw: UnsafeMutablePointer<dirent>, in folder: Folder) -> Entry? {
        let type = Int32(raw.pointee.d_type)
        return withUnsafePointer(to: &raw.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { text in
                guard text.pointee != 0x2E else { return nil }
                if let name = String(validatingCString: text) {
                    return name == "__pycache__" ? nil : Entry(name: name, type: type)
                }
                let lossy = String(cString: text)
                if type == DT_DIR ? layout == .bucket : kind(of: lossy) != nil {
                    refuse(folder.prefix + lossy, "its name is not UTF-8; rename it")
                }
                return nil
            }
        }
    }

    private mutating func take(
        _ entry: Entry, in folder: Folder, _ descriptor: Int32
    ) throws(CatalogueError) {
        switch entry.type {
        case Int32(DT_DIR): enter(entry.name, in: folder, isLinked: folder.isLinked)
        case Int32(DT_LNK): try follow(entry, in: folder, descriptor)
        default:
            guard let kind = kind(of: entry.name) else { return }
            var status = stat()
            guard fstatat(descriptor, entry.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                return try passOver(entry, in: folder, SystemFailure("fstatat", errno))
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG: list(entry.name, kind, status, in: folder)
            // Some file systems do not say the type with the name.
            case S_IFDIR: enter(entry.name, in: folder, isLinked: folder.isLinked)
            case S_IFLNK: try follow(entry, in: folder, descriptor)
            default: refuse(folder.prefix + entry.name, "it is neither a file nor a folder")
            }
        }
    }

    /// Follows a link that stays inside the root.
    private mutating func follow(
        _ entry: Entry, in folder: Folder, _ descriptor: Int32
    ) throws(CatalogueError) {
        let name = folder.prefix + entry.name
        let kind = kind(of: entry.name)
        var status = stat()
        guard fstatat(descriptor, entry.name, &status, 0) == 0 else {
            guard kind != nil else { return }
            switch errno {
            case ENOENT, ENOTDIR: refuse(name, "the link leads nowhere")
            case ELOOP: refuse(name, "the link leads round in a circle")
            default: try passOver(entry, in: folder, SystemFailure("fstatat", errno))
            }
            return
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder ? layout == .bucket : kind != nil else { return }
        let shown = isFolder ? name + "/" : name
        guard let target = Self.canonicalPath(root + "/" + name), target == root || target.hasPrefix(root + "/") else {
            return refuse(shown, "the link leads out of the folder; put the script itself there")
        }
        if isFolder {
            // One link deep: so neither a circle nor links that multiply each other can keep the walk going.
            let here = Self.canonicalPath(root + "/" + folder.prefix) ?? root
            if folder.isLinked {
                refuse(shown, "the link lies in a folder that is itself reached by a link")
            } else if here == target || here.hasPrefix(target + "/") {
                refuse(shown, "the link leads back to a folder that it lies in")
            } else {
                enter(entry.name, in: folder, isLinked: true)
            }
        } else if let kind, status.st_mode & S_IFMT == S_IFREG {
            list(entry.name, kind, status, in: folder)
        } else {
            refuse(name, "the link leads to something that is neither a file nor a folder")
        }
    }

    private mutating func enter(_ name: String, in folder: Folder, isLinked: Bool) {
        guard layout == .bucket else { return }
        let path = folder.prefix + name
        if let problem = ScriptNameRules.bucketProblem(path) {
            refuse(path + "/", problem)
        } else {
            open.append(Folder(prefix: path + "/", isLinked: isLinked))
        }
    }

    private mutating func list(_ name: String, _ kind: ScriptKind, _ status: stat, in folder: Folder) {
        let path = folder.prefix + name
        if let problem = problem(name, path) { return refuse(path, problem) }
        let modified = Date(seconds: status.st_mtim)
        // The later of the two: a tool may set the first one back, none the second.
        let touched = max(modified, Date(seconds: status.st_ctim))
        let isCertain = now.timeIntervalSince(touched) > DirectorySource.uncertainAge
        listing.items.append(
            SourceItem(
                name: path, kind: kind, size: Int(status.st_size), modified: modified,
                fingerprint: isCertain ? Self.fingerprint(status) : nil))
    }

    private func problem(_ name: String, _ path: String) -> String? {
        switch layout {
        case .workbench:
            guard name.hasSuffix(".sql") else { return "write its ending as .sql" }
            return ScriptNameRules.workbenchProblem(String(name.dropLast(4)))
        case .bucket:
            // What the folder's name may hold was looked at on entering it.
            let isPlain = name.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
            if isPlain && path.utf8.count <= ScriptNameRules.bucketLimit { return nil }
            return ScriptNameRules.bucketProblem(path)
        }
    }

    /// An entry that could not be looked at: gone since it was read, closed to this user, or the machine's trouble.
    private mutating func passOver(
        _ entry: Entry, in folder: Folder, _ failure: SystemFailure
    ) throws(CatalogueError) {
        switch failure.errno {
        case ENOENT: return
        case EACCES, EPERM: refuse(folder.prefix + entry.name, "this user may not read it")
        default: throw .sourceUnreadable(source, root + "/" + folder.prefix + entry.name, failure)
        }
    }

    private mutating func refuse(_ name: String, _ reason: String) {
        listing.refused.append(RefusedScript(name: name, reason: reason))
    }

    private func kind(of name: String) -> ScriptKind? {
        guard let dot = name.utf8.lastIndex(of: 0x2E) else { return nil }
        let ending = name[name.utf8.index(after: dot)...]
        return kinds[String(ending)] ?? kinds[ending.lowercased()]
    }

    private static func fingerprint(_ status: stat) -> String {
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        return "\(status.st_size) \(modified.tv_sec).\(modified.tv_nsec) \(changed.tv_sec).\(changed.tv_nsec) "
            + "\(status.st_ino)"
    }

    private static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension Date {
    fileprivate init(seconds time: timespec) {
        self.init(timeIntervalSince1970: TimeInterval(time.tv_sec) + TimeInterval(time.tv_nsec) * 1e-9)
    }
}
