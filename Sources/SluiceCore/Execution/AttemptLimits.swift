/// How much of the machine one attempt may take; nil where nothing is limited.
///
/// An executor whose scripts run in processes of their own holds them to it. An attempt that goes beyond is ended and
/// fails, its log up to then kept; only what it logs beyond ``logBytes`` is left out while it goes on.
public struct AttemptLimits: Codable, Sendable, Hashable {
    /// Memory in bytes: what one process may allocate beyond the interpreter's own, and what all processes of the attempt
    /// together hold in the machine's memory.
    public var memoryBytes: Int?
    /// Computing time of all processes of the attempt together, in seconds.
    public var cpuSeconds: Double?
    /// Processes of the attempt at a time, the script's own among them.
    public var processes: Int?
    /// Bytes of output lines that the log keeps, the first ones.
    public var logBytes: Int?
    /// Time from the script's start to its end, in seconds.
    public var wallSeconds: Double?

    public init(
        memoryBytes: Int? = nil, cpuSeconds: Double? = nil, processes: Int? = nil, logBytes: Int? = nil,
        wallSeconds: Double? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.cpuSeconds = cpuSeconds
        self.processes = processes
        self.logBytes = logBytes
        self.wallSeconds = wallSeconds
    }
}
