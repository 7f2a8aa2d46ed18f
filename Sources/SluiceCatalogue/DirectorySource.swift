import Foundation
import Glibc
import SluiceCore

/// A folder of scripts on this machine.
public struct DirectorySource: ScriptSource {
    /// How scripts lie in the folder.
    public enum Layout: String, Sendable, Hashable, Codable {
        /// Saved SQL scripts: `*.sql` in the folder itself, named by the Workbench's rule.
        case workbench
        /// A bucket's parent directory: every script below it, named by its path, modules included.
        case bucket
    }

    /// How long after its last change a file may still change without its times showing it, in seconds: the coarsest
    /// clock of the file systems in use.
    static let uncertainAge: TimeInterval = 2

    public let name: String
    /// The folder.
    public let root: URL
    public let layout: Layout
    private let clock: any WallClock
    /// Kinds by file extension, lower case.
    private let kinds: [String: ScriptKind]

    /// - Parameters:
    ///   - name: the name that its scripts carry in the catalogue.
    ///   - types: the script types of this installation, for ``Layout/bucket``.
    ///   - clock: the clock that the folder's file times come from.
    public init(
        name: String, root: URL, layout: Layout, types: ScriptTypes, clock: any WallClock = SystemClock()
    ) {
        self.name = name
        self.root = root
        self.layout = layout
        self.clock = clock
        switch layout {
        case .workbench:
            kinds = ["sql": .sql]
        case .bucket:
            let extensions = types.fileExtensions
            kinds = Dictionary(
                extensions.compactMap { ending in types.kind(of: "x." + ending).map { (ending, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
    }

    public func list() async throws -> SourceListing { try listFolder() }

    public func read(_ item: SourceItem) async throws -> Data? { try readFile(item) }

    func listFolder() throws(CatalogueError) -> SourceListing {
        var walk = DirectoryWalk(source: name, root: try rootPath(), layout: layout, kinds: kinds, now: clock.now)
        return try walk.run()
    }

    func readFile(_ item: SourceItem) throws(CatalogueError) -> Data? {
        let base = try rootPath()
        let path = base + "/" + item.name
        // O_NONBLOCK: should a pipe lie there by now, opening it must not wait for a writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return nil
            case EACCES, EPERM, ELOOP, ENXIO:
                throw CatalogueError.scriptUnreadable(item.name, SystemFailure("open", errno).reason)
            default: throw CatalogueError.sourceUnreadable(name, path, SystemFailure("open", errno))
            }
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw CatalogueError.sourceUnreadable(name, path, SystemFailure("fstat", errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CatalogueError.scriptUnreadable(item.name, "it is no file")
        }
        // Asked of the open file, so that a link swapped in after the listing gains nothing.
        guard let place = Self.place(of: file), place.hasPrefix(base + "/") else {
            throw CatalogueError.scriptUnreadable(item.name, "it lies outside the folder")
        }
        return try contents(of: file, size: Int(status.st_size), path: path)
    }

    private func contents(of file: Int32, size: Int, path: String) throws(CatalogueError) -> Data {
        var data = Data(count: size + 1)
        var filled = 0
        while true {
            if filled == data.count { data.count *= 2 }
            let count = data.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + filled, $0.count - filled) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .sourceUnreadable(name, path, SystemFailure("read", errno)) }
            if count == 0 { return data.prefix(filled) }
            filled += count
        }
    }

    /// The folder's canonical path, without a slash behind.
    private func rootPath() throws(CatalogueError) -> String {
        let path = root.path(percentEncoded: false)
        guard let resolved = realpath(path, nil) else {
            switch errno {
            case ENOENT: throw .sourceNotFound(name, path)
            case ENOTDIR: throw .sourceNotAFolder(name, path)
            default: throw .sourceUnreadable(name, path, SystemFailure("realpath", errno))
            }
        }
        defer { free(resolved) }
        let canonical = String(cString: resolved)
        return canonical == "/" ? "" : canonical
    }

    /// Where an open file lies.
    private static func place(of file: Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
            let count = readlink("/proc/self/fd/\(file)", buffer.baseAddress!, Int(PATH_MAX))
            guard count > 0 else { return nil }
            buffer[count] = 0
            return String(validatingCString: buffer.baseAddress!)
        }
    }
}
