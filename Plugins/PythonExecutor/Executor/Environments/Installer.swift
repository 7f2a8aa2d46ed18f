import Foundation

/// The program that fills an environment.
enum Installer: Sendable, Hashable {
    /// `uv`, by its command.
    case uv([String])
    /// The interpreter's own pip, working on an environment without one.
    case pip
    /// A pip that `venv` puts into the environment, where the interpreter has none of its own.
    case bundledPip

    /// The commands that make the environment at `folder` and fill it.
    ///
    /// - Parameter requirements: the file that lists what to install.
    func commands(
        interpreter: String, folder: String, requirements: String, isOffline: Bool
    ) -> [[String]] {
        let python = "\(folder)/bin/python3"
        let pipInstall = ["install", "--no-input", "--progress-bar", "off"] + (isOffline ? ["--no-index"] : [])
        switch self {
        case .uv(let command):
            let offline = isOffline ? ["--offline"] : []
            return [
                command + ["venv", "--no-project", "--python", interpreter] + offline + [folder],
                command + ["pip", "install", "--python", python] + offline + ["-r", requirements],
            ]
        case .pip:
            return [
                [interpreter, "-m", "venv", "--without-pip", folder],
                [interpreter, "-m", "pip", "--python", python] + pipInstall + ["-r", requirements],
            ]
        case .bundledPip:
            return [
                [interpreter, "-m", "venv", folder],
                [python, "-m", "pip"] + pipInstall + ["-r", requirements],
            ]
        }
    }

    /// What an installer may know of the host: how to reach its index, where its caches and settings lie.
    static func environment(
        _ host: [String: String], settings: PythonSettings, folder: String
    ) -> [String: String] {
        let names: Set<String> = [
            "HOME", "PATH", "LANG", "USER", "LOGNAME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "NETRC",
        ]
        var variables = host.filter { name, _ in
            names.contains(name) || name.hasPrefix("PIP_") || name.hasPrefix("UV_")
                || name.lowercased().hasSuffix("_proxy")
        }
        variables["PATH"] = variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        variables["TMPDIR"] = "\(folder)/tmp"
        variables["PYTHONUNBUFFERED"] = "1"
        variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        variables["PIP_ROOT_USER_ACTION"] = "ignore"
        variables["UV_PYTHON_DOWNLOADS"] = "never"
        variables["UV_NO_PROGRESS"] = "1"
        if let index = settings.indexURL {
            // The chosen index alone: another one beside it could slip in a package of the same name.
            for name in ["PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_URL"] {
                variables[name] = nil
            }
            variables["PIP_INDEX_URL"] = index
            variables["UV_DEFAULT_INDEX"] = index
        }
        return variables
    }

    /// The `uv` that a search path leads to.
    static func uv(on path: String?) -> Installer? {
        for folder in (path ?? "").split(separator: ":") where access("\(folder)/uv", X_OK) == 0 {
            var status = stat()
            if stat("\(folder)/uv", &status) == 0, status.st_mode & S_IFMT == S_IFREG { return .uv(["\(folder)/uv"]) }
        }
        return nil
    }
}
