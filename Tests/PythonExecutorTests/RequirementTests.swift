import Testing

@testable import PythonExecutor

@Suite("A requirement")
struct RequirementTests {
    @Test(arguments: [
        ("six", "six", "six"), ("Zope.Interface", "zope-interface", "zope-interface"),
        (" pandas >= 2 , < 3 ", "pandas", "pandas>=2,<3"), ("a_-_b", "a-b", "a-b"),
        ("requests[socks, security]>=2.31", "requests", "requests[socks,security]>=2.31"),
        ("numpy (>=1.20)", "numpy", "numpy(>=1.20)"), ("x==1!2.0+local.1", "x", "x==1!2.0+local.1"),
        ("x~=1.0", "x", "x~=1.0"),
        ("x===1.0", "x", "x===1.0"), ("x!=1.*", "x", "x!=1.*"),
        (
            "x>=1; python_version < '3.12' and os_name == \"posix\"", "x",
            "x>=1;python_version < '3.12' and os_name == \"posix\""
        ),
    ])
    func isRead(_ text: String, _ name: String, _ canonical: String) throws {
        let requirement = try #require(Requirement(text))
        #expect(requirement.name == name)
        #expect(requirement.canonical == canonical)
        #expect(!requirement.isDirect)
    }

    @Test(arguments: ["x @ https://host/x.whl", "x[a] @ file:///x.whl ; os_name == 'posix'", "x@git+https://host/x"])
    func mayNameAPlace(_ text: String) throws { #expect(try #require(Requirement(text)).isDirect) }

    @Test(arguments: [
        "", " ", "-r file", "--pre", "./x", "/x", "x y", "x >", "x >=", "x >=1,", "x => 1", "x = 1", "x [", "x [a",
        "x @", "x @ /x",
        "x\n--index-url=y", "x==1 --hash=y", "x==1 # comment", "x==${HOME}", "x\\", "_x", "x-", "https://host/x.whl",
        "é",
        "x;\u{1B}",
    ])
    func isRefusedWhenAnInstallerMightTakeItForSomethingElse(_ text: String) { #expect(Requirement(text) == nil) }

    @Test func decidesWithItsLikeWhichEnvironmentItIs() throws {
        func key(_ texts: [String], _ settings: PythonSettings = PythonSettings(), _ version: String = "3.11.2") throws
            -> String
        {
            EnvironmentRecipe(try texts.map { try #require(Requirement($0)) }, version: version, settings: settings).key
        }
        let base = try key(["pandas>=2", "six"])
        #expect(try key(["Six", "pandas >= 2", "six"]) == base)
        #expect(try key(["pandas>=2"]) != base)
        #expect(try key(["pandas>=3", "six"]) != base)
        #expect(try key(["pandas>=2", "six"], PythonSettings(indexURL: "https://index")) != base)
        #expect(try key(["pandas>=2", "six"], PythonSettings(isOffline: true)) == base)
        #expect(try key(["pandas>=2", "six"], PythonSettings(), "3.11.3") != base)
    }
}

@Suite("An installer's words")
struct RedactionTests {
    @Test(arguments: [
        ("plain text", "plain text"), ("https://host/simple", "https://host/simple"),
        (
            "Looking in indexes: https://user:pass@host/simple, http://x",
            "Looking in indexes: https://***@host/simple, http://x"
        ),
        ("a://b@c d://e:f@g/h@i", "a://***@c d://***@g/h@i"),
        ("mail to me@host and a://b", "mail to me@host and a://b"),
        ("token hunter2secret was wrong", "token *** was wrong"), ("https://p@ss:w@host/x", "https://***@host/x"),
        ("://", "://"), ("a://@", "a://***@"),
    ])
    func holdNoSecrets(_ text: String, _ clean: String) {
        #expect(Redaction(urls: ["https://me:hunter2secret@host/simple"])(text) == clean)
    }
}

@Suite("An installer")
struct InstallerTests {
    @Test func neverGetsAnIndexAsAnArgument() {
        for installer in [Installer.pip, .bundledPip, .uv(["/bin/uv"])] {
            let commands = installer.commands(
                interpreter: "/usr/bin/python3", folder: "/env", requirements: "r.txt", isOffline: false)
            #expect(commands.count == 2)
            #expect(!commands.joined().contains { $0.contains("://") || $0.contains("index") })
        }
    }

    @Test(arguments: [Installer.pip, .bundledPip, .uv(["/bin/uv"])])
    func isToldWhenThereIsNoNetwork(_ installer: Installer) {
        let commands = installer.commands(
            interpreter: "/usr/bin/python3", folder: "/env", requirements: "r.txt", isOffline: true)
        #expect(commands[1].contains { $0 == "--no-index" || $0 == "--offline" })
    }

    @Test func getsWhatItNeedsOfTheHostAndNoMore() {
        let host = [
            "HOME": "/home/me", "PATH": "/bin", "https_proxy": "http://proxy", "SSL_CERT_FILE": "/certs",
            "PIP_CERT": "/c",
            "PIP_EXTRA_INDEX_URL": "https://other", "UV_INDEX": "https://other", "AWS_SECRET_ACCESS_KEY": "s",
            "PYTHONPATH": "/evil",
        ]
        let plain = Installer.environment(host, settings: PythonSettings(), folder: "/work")
        for name in ["HOME", "PATH", "https_proxy", "SSL_CERT_FILE", "PIP_CERT", "PIP_EXTRA_INDEX_URL", "UV_INDEX"] {
            #expect(plain[name] == host[name])
        }
        #expect(plain["AWS_SECRET_ACCESS_KEY"] == nil && plain["PYTHONPATH"] == nil)
        let own = Installer.environment(host, settings: PythonSettings(indexURL: "https://own"), folder: "/work")
        #expect(own["PIP_INDEX_URL"] == "https://own" && own["UV_DEFAULT_INDEX"] == "https://own")
        #expect(own["PIP_EXTRA_INDEX_URL"] == nil && own["UV_INDEX"] == nil)
    }
}
