import Foundation

/// How Python scripts run on this installation.
public struct PythonSettings: Sendable, Hashable {
    /// The interpreter whose modules scripts see and from which environments are made. It must be the CPython that the
    /// worker is linked with: on Debian the distribution's own.
    public var interpreter: String

    /// The package index that requirements come from, in place of what the machine is configured with. May hold
    /// credentials; they reach the installer by its environment and are never shown.
    public var indexURL: String?

    /// Whether requirements must be met without a network: from environments built before, and from what the
    /// installer finds on this machine.
    public var isOffline: Bool

    /// The packages that scripts may require, by name; nil for any. What these depend on in turn is not restricted.
    public var allowedPackages: Set<String>?

    /// How long a script that is told to end may take for it, before it is killed.
    public var grace: Duration

    /// Variables that scripts get beside the few that every script has. The host's own environment never reaches them.
    public var environment: [String: String]

    /// How many environments keep a worker warm besides the base one, at about 10 MB each.
    public var warmEnvironments: Int

    /// Folders that scripts must not see, such as the engine's data folder, by absolute path. With any of these scripts are
    /// confined as well: they reach no process outside. How far this goes on a machine says ``PythonExecutor/isolation()``.
    public var hiddenFolders: [String]

    /// Folders inside hidden ones that scripts see nonetheless, such as that of the databases. The executor's own folder is
    /// always among them.
    public var visibleFolders: [String]

    public init(
        interpreter: String = "/usr/bin/python3", indexURL: String? = nil, isOffline: Bool = false,
        allowedPackages: Set<String>? = nil, grace: Duration = .seconds(10), environment: [String: String] = [:],
        warmEnvironments: Int = 4, hiddenFolders: [String] = [], visibleFolders: [String] = []
    ) {
        self.interpreter = interpreter
        self.indexURL = indexURL
        self.isOffline = isOffline
        self.allowedPackages = allowedPackages
        self.grace = grace
        self.environment = environment
        self.warmEnvironments = warmEnvironments
        self.hiddenFolders = hiddenFolders
        self.visibleFolders = visibleFolders
    }

    /// The settings that a process's environment variables ask for.
    ///
    /// - `SLUICE_PYTHON`: ``interpreter``
    /// - `SLUICE_PYTHON_INDEX_URL`: ``indexURL``
    /// - `SLUICE_PYTHON_OFFLINE`: ``isOffline``, with `1`, `true` or `yes`; `0`, `false` or `no` say the opposite
    /// - `SLUICE_PYTHON_ALLOW`: ``allowedPackages``, separated by commas or spaces
    /// - `SLUICE_PYTHON_GRACE`: ``grace`` in seconds
    ///
    /// - Throws: ``PythonError`` `python.setting` for a value that says nothing.
    public static func fromEnvironment(
        _ variables: [String: String] = ProcessInfo.processInfo.environment
    ) throws(PythonError) -> PythonSettings {
        var settings = PythonSettings()
        func value(_ name: String) -> String? {
            guard let value = variables[name], !value.isEmpty else { return nil }
            return value
        }
        if let path = value("SLUICE_PYTHON") { settings.interpreter = path }
        settings.indexURL = value("SLUICE_PYTHON_INDEX_URL")
        if let word = value("SLUICE_PYTHON_OFFLINE") {
            switch word.lowercased() {
            case "1", "true", "yes": settings.isOffline = true
            case "0", "false", "no": settings.isOffline = false
            default: throw wrong("SLUICE_PYTHON_OFFLINE", word, "1, true or yes, or 0, false or no")
            }
        }
        if let list = value("SLUICE_PYTHON_ALLOW") {
            settings.allowedPackages = Set(list.split { $0 == "," || $0.isWhitespace }.map(String.init))
        }
        if let text = value("SLUICE_PYTHON_GRACE") {
            guard let seconds = Double(text), (0..<86_400).contains(seconds) else {
                throw wrong("SLUICE_PYTHON_GRACE", text, "a number of seconds from 0 to below 86400")
            }
            settings.grace = .seconds(seconds)
        }
        return settings
    }

    private static func wrong(_ name: String, _ value: String, _ wanted: String) -> PythonError {
        PythonError(
            code: "python.setting", "\(name) is '\(value)'. It takes \(wanted); without it the default holds.",
            category: .badInput)
    }
}
