import Foundation
import SluiceCore
import Synchronization

/// The scripts that were split last: a script is planned, and runs a moment later, perhaps many times a day.
final class SplitScripts: Sendable {
    /// How many scripts are kept.
    private static let limit = 32
    /// A longer script is not kept, in bytes: splitting it is a small part of running it.
    private static let longest = 2 << 20

    /// The last used one last.
    private let scripts = Mutex<[SQLScript]>([])

    /// The script of those bytes, split by the rules of `dialect`.
    func script(_ content: Data, dialect: SQLDialect) throws(SQLError) -> SQLScript {
        let known = scripts.withLock { scripts -> SQLScript? in
            guard let place = scripts.lastIndex(where: { $0.dialect == dialect && $0.isMade(of: content) }) else {
                return nil
            }
            scripts.append(scripts.remove(at: place))
            return scripts.last
        }
        if let known { return known }
        let script = try SQLScript(parsing: content, dialect: dialect)
        if content.count <= Self.longest {
            scripts.withLock { scripts in
                if scripts.count >= Self.limit { scripts.removeFirst() }
                scripts.append(script)
            }
        }
        return script
    }
}

extension SQLScript {
    /// Whether these are its bytes.
    fileprivate func isMade(of content: Data) -> Bool {
        content.count == bytes.count
            && content.withUnsafeBytes { theirs in
                bytes.withUnsafeBytes { ours in
                    content.isEmpty || memcmp(ours.baseAddress!, theirs.baseAddress!, ours.count) == 0
                }
            }
    }
}
