import Glibc

/// Somebody who asks an engine for something, by the number that the system knows them under.
package struct Person: Sendable, Hashable {
    package let uid: UInt32

    package init(uid: UInt32) { self.uid = uid }

    /// The user of this process.
    package static var current: Person { Person(uid: geteuid()) }

    /// The login name, for the record; looked up when it is wanted, because most requests leave no record.
    package var name: String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { texts in
            guard getpwuid_r(uid, &entry, texts.baseAddress!, texts.count, &found) == 0, found != nil else {
                return "uid \(uid)"
            }
            return String(cString: entry.pw_name)
        }
    }
}
