import CPythonLink
import SluiceCore

extension AttemptLimits {
    /// As supervisor and script get them; nil when there is nothing that they have to keep to.
    ///
    /// - Parameter grace: what an attempt gets to end itself when its time is over.
    func wire(grace: Duration) -> sluice_limits? {
        guard memoryBytes != nil || cpuSeconds != nil || processes != nil || wallSeconds != nil else { return nil }
        return sluice_limits(
            memory_bytes: memoryBytes.map { UInt64(clamping: max($0, 1)) } ?? 0,
            cpu_milliseconds: cpuSeconds.map(Self.milliseconds) ?? 0,
            wall_milliseconds: wallSeconds.map(Self.milliseconds) ?? 0,
            processes: processes.map { UInt32(clamping: max($0, 1)) } ?? 0,
            grace_milliseconds: grace.milliseconds)
    }

    /// At least one, because 0 stands for no limit; at most what a century has.
    private static func milliseconds(_ seconds: Double) -> UInt64 {
        seconds < 3.2e9 ? UInt64(max(1, seconds * 1_000)) : 3_200_000_000_000
    }
}

extension Duration {
    /// In whole milliseconds, as far as these go.
    var milliseconds: UInt32 {
        UInt32(clamping: components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
